#pragma once

#include <cstdint>

namespace service {

// Owns a file descriptor and closes it.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  // Throws std::system_error with the current errno, naming `call`, when `descriptor` is negative.
  FileDescriptor(int descriptor, const char* call);
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return descriptor_; }
  void close();

 private:
  int descriptor_ = -1;
};

// pipe2(2); neither end is inherited by another program.
struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;

  Pipe();
};

// Throws std::system_error with the current errno, naming `call`.
[[noreturn]] void throw_errno(const char* call);

// The port to which an IPv4 socket is bound.
std::uint16_t port_of(const FileDescriptor& socket);

// Lets this process, and those it starts, have as many descriptors as the hard limit allows.
void raise_descriptor_limit();

}  // namespace service
