#pragma once

#include <string>
#include <string_view>

#include "coro/descriptor.hpp"
#include "coro/io.hpp"

namespace client {

/// A file for the results of a run that may last: whether it can be written is known before, and
/// what was in it stays until there is something new.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  /// Removes the file if it was made here and nothing has been written.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile(OutputFile&&) = delete;
  OutputFile& operator=(OutputFile&&) = delete;

  /// Makes it if it is not there. The errors are those of open(2).
  coro::error_code open();
  /// Once open: this is all that is in it then. The errors are those of write(2).
  coro::error_code write(std::string_view text);

 private:
  std::string path_;
  coro::Descriptor file_;
  bool is_new_ = false;
};

}  // namespace client
