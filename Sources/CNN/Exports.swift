// An engine is part of every session's interface: whoever imports CNN can make one.
@_exported public import Compute
