#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

// A pipe whose reader reads only on request.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
      std::abort();
    }
    // Only the reader's end: the writer's stays as a shell would hand it over.
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  Pipe(Pipe&&) = delete;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(Pipe&&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }

  // All that is in the pipe now.
  std::string read() {
    std::string all;
    std::array<char, 65536> chunk{};
    for (ssize_t size = 0; (size = ::read(ends_[0], chunk.data(), chunk.size())) > 0;) {
      all.append(chunk.data(), static_cast<std::size_t>(size));
    }
    return all;
  }

  void close_reader() {
    if (ends_[0] >= 0) {
      ::close(ends_[0]);
      ends_[0] = -1;
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// The lines of a text that ends with a whole one; an unfinished last line is marked so that no
// comparison can take it for a whole one.
inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(stream.eof() ? line + " (unfinished)" : line);
  }
  return lines;
}
