#include "client/bench/datagram_batch.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <string>

#include "coro/descriptor.hpp"

namespace client {
namespace {

namespace error = boost::system::errc;

// Both ends of a way that keeps the bounds of datagrams.
class ADatagramBatch : public testing::Test {
 protected:
  ADatagramBatch() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
    near_ = coro::Descriptor(ends[0]);
    far_ = coro::Descriptor(ends[1]);
  }

  void inject(const std::string& bytes) const {
    ASSERT_EQ(::send(far_.number(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }

  std::string taken() const {
    std::string bytes(1000, '\0');
    const auto size = ::recv(far_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }

  Pattern pattern_;
  std::vector<std::byte> scratch_ = std::vector<std::byte>(Pattern::longest);
  DatagramBatch batch_{pattern_, scratch_, 64};
  coro::Descriptor near_;
  coro::Descriptor far_;
};

TEST_F(ADatagramBatch, SendsAndRecognisesWhatWasAdded) {
  batch_.clear();
  batch_.add(5, 0x01020304);
  batch_.add((std::uint64_t{1} << 32U) + 6, 0x01020304);
  EXPECT_EQ(batch_.send(near_.number()).count, 2U);
  const auto first = taken();
  EXPECT_EQ(first.substr(0, 8), std::string("\5\0\0\0\4\3\2\1", 8));
  inject(first);
  inject(taken());
  EXPECT_EQ(batch_.receive(near_.number(), 64).count, 2U);
  const auto received = batch_.received(0);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->number, 5U);
  EXPECT_EQ(received->tag, 0x01020304U);
  EXPECT_EQ(received->bytes.size(), 64U);
  EXPECT_FALSE(batch_.compare(*received));
  EXPECT_EQ(batch_.received(1)->number, 6U);
  EXPECT_FALSE(batch_.compare(*batch_.received(1)));
}

TEST_F(ADatagramBatch, KnowsWhichByteHasChanged) {
  batch_.clear();
  batch_.add(1, 2);
  batch_.send(near_.number());
  const auto sent = taken();
  for (const std::size_t first_and_last : {8U, 63U}) {
    auto bytes = sent;
    bytes[first_and_last] = static_cast<char>(bytes[first_and_last] ^ 1);
    inject(bytes);
    batch_.receive(near_.number(), 1);
    const auto mismatch = batch_.compare(*batch_.received(0));
    ASSERT_TRUE(mismatch);
    EXPECT_EQ(mismatch->offset, first_and_last);
  }
}

TEST_F(ADatagramBatch, ShowsOneByteTooManyAndNothingWithoutAHeader) {
  inject(std::string(100, 'x'));
  inject("short");
  EXPECT_EQ(batch_.receive(near_.number(), 64).count, 2U);
  EXPECT_EQ(batch_.received(0)->bytes.size(), 65U);
  EXPECT_FALSE(batch_.received(1));
}

TEST_F(ADatagramBatch, TakesNoMoreThanItIsAskedFor) {
  for (int i = 0; i < 3; ++i)
    inject("x");
  EXPECT_EQ(batch_.receive(near_.number(), 2).count, 2U);
  EXPECT_EQ(batch_.receive(near_.number(), 2).count, 1U);
  const auto nothing = batch_.receive(near_.number(), 2);
  EXPECT_EQ(nothing.count, 0U);
  EXPECT_EQ(nothing.error, error::operation_would_block);
}

TEST_F(ADatagramBatch, HoldsABatchAndNoMore) {
  batch_.clear();
  for (std::size_t i = 0; i < DatagramBatch::most; ++i) {
    EXPECT_FALSE(batch_.full());
    batch_.add(i, 0);
  }
  EXPECT_TRUE(batch_.full());
}

}  // namespace
}  // namespace client
