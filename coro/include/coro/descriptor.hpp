#pragma once

#include <unistd.h>

#include <utility>

namespace coro {

/// Owns a file descriptor, and closes it.
class Descriptor {
 public:
  Descriptor() = default;
  /// Takes over the descriptor; negative = none.
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this == &other) return *this;
    close();
    number_ = other.release();
    return *this;
  }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

  /// Gives it up without closing it.
  int release() { return std::exchange(number_, -1); }
  void close() {
    if (is_open()) ::close(release());
  }

 private:
  int number_ = -1;
};

}  // namespace coro
