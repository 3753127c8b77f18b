import Foundation

/// Keeps a thread from going on.
func sleepMilliseconds(_ count: Int) { Thread.sleep(forTimeInterval: Double(count) / 1000) }
