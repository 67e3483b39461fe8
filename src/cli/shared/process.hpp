// What the process as a whole is told: standard streams and signals.
#pragma once

namespace smoothbound::cli {

/// Blocks the signals that end a program in this thread and those that it starts from now on.
void block_ending_signals();

/// From here on a signal that ends the program leaves no half file behind. No handler is ever run:
/// it would take the stack of whatever thread it interrupts, and code made by oneDNN keeps the
/// stack pointer elsewhere for a while. The signals are blocked in this thread and in those that it
/// starts, and a thread of its own waits for them. What the caller ignores (nohup) stays ignored.
void watch_ending_signals();

/// From here on the first SIGINT or SIGTERM only asks for an end, the second one ends the program.
void stop_at_first_signal();
/// Whether such a signal has come.
bool is_stop_requested();

/// Opens what is closed of standard input, output and error, so that no file gets its number and
/// with it what was to be said there. Using one of them still fails as if it were closed.
void open_standard_streams();

}  // namespace smoothbound::cli
