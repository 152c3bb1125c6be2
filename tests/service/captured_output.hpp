#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/patience.hpp"

namespace service {

// Everything a program writes to a pipe, read by a thread of its own so that the program never
// waits for the test.
class CapturedOutput {
 public:
  // `pipe` is the reading end.
  explicit CapturedOutput(FileDescriptor pipe);
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  // Waits for the end of the pipe: the program must have ended.
  ~CapturedOutput();

  // The first complete line that contains `part`, without its newline, written before or after this
  // call; with `occurrence` n the n-th one. Throws std::runtime_error when the output ends without
  // it or time is up.
  std::string wait_for_line(std::string_view part, std::size_t occurrence = 1,
                            std::chrono::milliseconds timeout = patience) const;

  // Waits until `size` bytes have been written. Returns all so far. Throws as above.
  std::string wait_for_bytes(std::size_t size, std::chrono::milliseconds timeout = patience) const;

  // The number of complete lines so far that contain `part`.
  std::size_t count_lines(std::string_view part) const;

  // Everything so far.
  std::string text() const;

  // Everything, once the program has closed its end, but for AddressSanitizer's notice about stacks
  // of coroutines. Throws std::runtime_error when time is up.
  std::string wait_for_end(std::chrono::milliseconds timeout = patience) const;

 private:
  void read_to_end();

  FileDescriptor pipe_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::string text_;
  bool ended_ = false;
  std::thread reader_;  // last: it uses the members above
};

}  // namespace service
