#include "server/upgrade/state_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace server {
namespace {

TEST(StateMemory, HasTheBytesThatWereWritten) {
  for (const std::size_t size : {0U, 1U, 10'000'000U}) {
    const std::string bytes(size, 'x');
    EXPECT_EQ(read_sealed(sealed_memory(bytes)), bytes);
  }
}

TEST(StateMemory, NobodyCanChangeIt) {
  const coro::Descriptor memory = sealed_memory("state");
  EXPECT_LT(::pwrite(memory.number(), "x", 1, 0), 0);
  EXPECT_LT(::pwrite(memory.number(), "x", 1, 5), 0);
  EXPECT_LT(::ftruncate(memory.number(), 1), 0);
  EXPECT_EQ(MAP_FAILED, ::mmap(nullptr, 5, PROT_WRITE, MAP_SHARED, memory.number(), 0));
  EXPECT_LT(::fcntl(memory.number(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
  EXPECT_EQ(read_sealed(memory), "state");
}

TEST(StateMemory, IsClosedOnExec) {
  const coro::Descriptor memory = sealed_memory("state");
  EXPECT_EQ(FD_CLOEXEC, ::fcntl(memory.number(), F_GETFD));
}

TEST(StateMemory, AFileThatOthersCanChangeIsRefused) {
  EXPECT_THROW(read_sealed(coro::Descriptor(::open("/dev/zero", O_RDONLY | O_CLOEXEC))),
               std::runtime_error);
  EXPECT_THROW(read_sealed(coro::Descriptor(::memfd_create("x", MFD_ALLOW_SEALING))),
               std::runtime_error);
  EXPECT_THROW(read_sealed(coro::Descriptor()), std::runtime_error);
}

}  // namespace
}  // namespace server
