/// What Winograd's convolutions may be wrong by, as a part of the tensor's largest sum of its
/// terms' magnitudes.
///
/// A tile's values are mixed before and after the products, with factors up to 8: the error of a
/// number follows the largest of its tile, not its own terms. The worst of the layers' tests lies
/// at 2.4e-6, that of the kernels' at 2.6e-6 (36 terms); this is three times as much.
package let winogradBound = 8e-6
