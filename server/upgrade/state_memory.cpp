#include "server/upgrade/state_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace server {
namespace {

constexpr const char* name = "coroecho-state";
constexpr int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
constexpr unsigned not_executable = 8;  // MFD_NOEXEC_SEAL of Linux 6.3

[[noreturn]] void throw_error(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

// A system may demand that such memory is not executable (vm.memfd_noexec); an older one refuses
// the flag.
coro::Descriptor create() {
  constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int memory = ::memfd_create(name, flags | not_executable);
  if (memory < 0 && errno == EINVAL) memory = ::memfd_create(name, flags);
  if (memory < 0) throw_error("memfd_create");
  return coro::Descriptor(memory);
}

}  // namespace

coro::Descriptor sealed_memory(std::string_view bytes) {
  coro::Descriptor memory = create();
  while (!bytes.empty()) {
    const ssize_t size = ::write(memory.number(), bytes.data(), bytes.size());
    if (size <= 0) throw_error("write");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  if (::fcntl(memory.number(), F_ADD_SEALS, seals) != 0) throw_error("F_ADD_SEALS");
  return memory;
}

std::string read_sealed(const coro::Descriptor& memory) {
  const int found = ::fcntl(memory.number(), F_GET_SEALS);
  struct stat status {};
  if (found < 0 || (found & seals) != seals || ::fstat(memory.number(), &status) != 0)
    throw std::runtime_error("descriptor " + std::to_string(memory.number()) + " has no state");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t size = ::pread(memory.number(), bytes.data() + read, bytes.size() - read,
                                 static_cast<off_t>(read));
    if (size <= 0) throw std::runtime_error("its state cannot be read");
    read += static_cast<std::size_t>(size);
  }
  return bytes;
}

}  // namespace server
