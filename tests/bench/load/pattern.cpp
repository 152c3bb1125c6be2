#include "tests/bench/load/pattern.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "tests/bench/load/failure.hpp"

namespace load {
namespace {

// Any piece of it is in one place.
constexpr std::size_t size = 2 * Pattern::period;

}  // namespace

Pattern::Pattern() : file_(checked(memfd_create("pattern", MFD_CLOEXEC), "memfd_create")) {
  checked(ftruncate(file_, size), "ftruncate");
  void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (mapped == MAP_FAILED) throw_errno("mmap");
  bytes_ = static_cast<char*>(mapped);
  std::minstd_rand random;
  std::uniform_int_distribution<int> letter('0', 'z');
  for (std::size_t i = 0; i < period; ++i)
    bytes_[i] = i % line == line - 1 ? '\n' : static_cast<char>(letter(random));
  std::copy_n(bytes_, period, bytes_ + period);
}

Pattern::~Pattern() {
  munmap(bytes_, size);
  close(file_);
}

}  // namespace load
