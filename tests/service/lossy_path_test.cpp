#include "tests/service/lossy_path.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

// The path that other tests measure against does and counts as it is asked to.
namespace service {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// A UDP socket that is connected to a port of 127.0.0.1.
class Sender {
 public:
  explicit Sender(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket") {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw_errno("connect");
    }
  }

  void send(const std::string& text) const { ::send(socket_.get(), text.data(), text.size(), 0); }

  // The next datagrams, as many as there are to be.
  std::vector<std::string> receive(std::size_t count) const {
    std::vector<std::string> all;
    const auto deadline = Clock::now() + patience;
    std::array<char, 1024> buffer{};
    while (all.size() < count) {
      pollfd query{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      if (poll(&query, 1, milliseconds_until(deadline)) != 1) break;
      const auto size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (size < 0) throw_errno("recv");
      all.emplace_back(buffer.data(), static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  FileDescriptor socket_;
};

TEST(LossyPath, LosesDoublesAndLetsOvertakeWhatItIsToldTo) {
  const LossyPath path([](std::uint64_t number, std::string&) {
    return LossyPath::Fate{.copies = number == 1   ? 0
                                     : number == 2 ? 2
                                                   : 1,
                           .overtaken = number == 3};
  });
  const Sender sender(path.port());
  for (const char* const text : {"1", "2", "3", "4"})
    sender.send(text);
  EXPECT_THAT(sender.receive(4), ElementsAre("2", "2", "4", "3"));
  EXPECT_EQ(path.echoes(), 4U);
  EXPECT_EQ(path.lost(), 1U);
  EXPECT_EQ(path.doubled(), 1U);
  EXPECT_EQ(path.overtaken(), 1U);
}

TEST(LossyPath, SendsOnInTimeWhatNothingOvertakes) {
  const LossyPath path(
      [](std::uint64_t, std::string&) { return LossyPath::Fate{.overtaken = true}; });
  const Sender sender(path.port());
  sender.send("alone");
  EXPECT_THAT(sender.receive(1), ElementsAre("alone"));
  EXPECT_EQ(path.overtaken(), 0U);
}

TEST(LossyPath, LeadsToAServiceAndBackForEachClient) {
  const LossyPath service([](std::uint64_t, std::string&) { return LossyPath::Fate{}; });
  const LossyPath path(
      [](std::uint64_t, std::string& payload) {
        payload += "!";
        return LossyPath::Fate{.delay = 5ms};
      },
      service.port());
  const Sender one(path.port());
  const Sender other(path.port());
  one.send("one");
  other.send("other");
  EXPECT_THAT(other.receive(1), ElementsAre("other!"));
  EXPECT_THAT(one.receive(1), ElementsAre("one!"));
}

}  // namespace
}  // namespace service
