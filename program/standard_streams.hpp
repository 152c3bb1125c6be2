#pragma once

namespace program {

/// Opens /dev/null for each of standard input, output and error that is closed, first thing in
/// main: otherwise the next file or socket that is opened gets the stream's number, and what is
/// written for a user goes there. Using such a stream stays an error (EBADF), so that no program
/// believes that something was read or written.
void occupy_closed_standard_streams();

}  // namespace program
