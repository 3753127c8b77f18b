/// The version of the program; written into models and run folders.
package let toolVersion = "0.1.0"
