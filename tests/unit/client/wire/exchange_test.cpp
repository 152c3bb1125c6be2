#include "client/wire/exchange.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "coro/timer.hpp"

namespace client {
namespace {

using coro::Yield;

// No two places of it look alike.
std::string numbers(std::size_t from) {
  std::string text;
  for (std::size_t number = from; text.size() < Exchange::largest_message; ++number)
    text += std::to_string(number) + ' ';
  text.resize(Exchange::largest_message);
  return text;
}

// Takes all that the other end has received by now.
void take_all(int socket, std::string& received) {
  std::vector<char> piece(65536);
  ssize_t size = 0;
  while ((size = ::recv(socket, piece.data(), piece.size(), MSG_DONTWAIT)) > 0)
    received.append(piece.data(), static_cast<std::size_t>(size));
}

TEST(Exchange, SendsEachByteOnceThoughThereIsRoomAgainBeforeTheWriterHearsOfIt) {
  std::array<int, 2> ends{};
  ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()));
  const coro::Descriptor other(ends[1]);
  const std::string first = numbers(0);
  const std::string second = numbers(Exchange::largest_message);
  std::string received;

  coro::Scheduler scheduler;
  const auto send = [&](Yield yield) {
    auto connection = std::make_unique<Connection>(scheduler, coro::Descriptor(ends[0]));
    const auto exchange = Exchange::over(std::move(connection), scheduler);
    EXPECT_FALSE(exchange->send(first, {}, yield));  // more than the socket takes
    EXPECT_FALSE(coro::sleep_for(yield, std::chrono::milliseconds(1)));  // the writer waits by now
    take_all(other.number(), received);
    EXPECT_FALSE(exchange->send(second, {}, yield));
    while (received.size() < first.size() + second.size()) {
      EXPECT_FALSE(coro::sleep_for(yield, std::chrono::milliseconds(1)));
      take_all(other.number(), received);
    }
    exchange->close();
  };
  scheduler.spawn("test", send).value();
  scheduler.run();
  EXPECT_TRUE(received == first + second);
}

}  // namespace
}  // namespace client
