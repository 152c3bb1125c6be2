#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace load {

/// The endless stream of bytes that every connection sends: random text in lines of 64 bytes, for
/// there are servers that echo nothing else, repeated after a mebibyte. It is a file in memory, so
/// that sendfile(2) can send it without a copy.
class Pattern {
 public:
  Pattern();
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  static constexpr std::size_t period = std::size_t{1} << 20U;
  static constexpr std::size_t line = 64;

  /// The bytes at a position of the stream; size is at most the period.
  std::span<const char> at(std::uint64_t position, std::size_t size) const {
    return {bytes_ + position % period, size};
  }

  /// The same bytes as a file, and the place of a position in it.
  int file() const { return file_; }
  static off_t offset(std::uint64_t position) { return static_cast<off_t>(position % period); }

 private:
  int file_;
  char* bytes_;
};

}  // namespace load
