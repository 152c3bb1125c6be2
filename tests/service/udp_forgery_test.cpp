#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/forged_datagrams.hpp"
#include "tests/service/patience.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/socket_client.hpp"

// Datagrams whose source is not who sent them: reflection, loops, and sources without end.
namespace service {
namespace {

using namespace std::chrono_literals;

// Under way at a time: what the receive buffers of both sides hold, and one read of the service.
constexpr std::uint32_t window = 64;

std::string configuration(const std::string& udp) {
  return "{log: {events: []}, admin: {port: 0}, udp: {port: 0, " + udp + "}}";
}

// A figure of /metrics, over all of its labels.
double metric(const Server& server, const std::string& name) {
  const std::string address = server.log().wait_for_line("http://127.0.0.1:");
  SocketClient client(
      "127.0.0.1", static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  client.send("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string text = client.receive_until_end();
  double sum = 0;
  for (std::size_t at = text.find('\n' + name); at != std::string::npos;
       at = text.find('\n' + name, at + 1)) {
    const std::size_t end = text.find('\n', at + 1);
    sum += std::stod(text.substr(text.rfind(' ', end)));
  }
  return sum;
}

// Waits until the figure is at least so large.
void wait_for_metric(const Server& server, const std::string& name, double least) {
  const auto deadline = Clock::now() + patience;
  while (metric(server, name) < least) {
    ASSERT_LT(Clock::now(), deadline) << name << " is " << metric(server, name);
    std::this_thread::sleep_for(5ms);
  }
}

// How many datagrams a test sends, in whole windows: FORGED=1000000 in the environment for a
// million.
std::uint32_t forged_count() {
  const char* const asked = std::getenv("FORGED");
  const std::size_t count = asked == nullptr ? scaled(100'000) : std::stoul(asked);
  return static_cast<std::uint32_t>(count) / window * window;
}

// Different for each number below 2^24 - 512: the source of the datagram with that number.
std::uint32_t forged_source(std::uint32_t number) {
  return loopback(256 + number);
}

struct Bytes {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

// One datagram from each of so many addresses, each answered.
Bytes send_from_many(const ForgedDatagrams& forged, std::uint32_t first, std::uint32_t count) {
  const std::string payload(256, 'x');
  Bytes bytes;
  for (std::uint32_t number = first; number < first + count; number += window) {
    for (std::uint32_t i = number; i < number + window; ++i) {
      const std::size_t size = i % (payload.size() + 1);
      forged.send(forged_source(i), std::string_view(payload).substr(0, size));
      bytes.sent += size;
    }
    for (std::uint32_t i = 0; i < window; ++i) {
      const auto answer = forged.receive(patience);
      if (answer.size < 0) {
        ADD_FAILURE() << "an answer is missing after " << number << " datagrams";
        return bytes;
      }
      bytes.received += static_cast<std::uint64_t>(answer.size);
    }
  }
  return bytes;
}

// More sources than the service could remember.
TEST(UdpForgery, SourcesWithoutEndGetNoMoreBytesThanWereSentAndCostNoMemory) {
  // A rate that nobody reaches, so that the service has to count each source and answers it.
  Server server(configuration("rate: 1000000"));
  const ForgedDatagrams forged(server.port("udp 127.0.0.1"));
  const std::size_t before = resident_bytes(server.process().pid());
  const Bytes bytes = send_from_many(forged, 0, forged_count());
  EXPECT_EQ(bytes.sent, bytes.received);
  EXPECT_LE(resident_bytes(server.process().pid()), before + (1U << 20U));
}

TEST(UdpForgery, ASourceThatIsNotAllowedGetsNothing) {
  Server server(configuration("rate: 0, allow: [127.0.0.1/32]"));
  const ForgedDatagrams forged(server.port("udp 127.0.0.1"));
  const std::uint32_t count = forged_count();
  for (std::uint32_t number = 0; number < count; number += window) {
    for (std::uint32_t i = 1; i < window; ++i)
      forged.send(forged_source(number + i), "forged");
    // An allowed one is answered meanwhile, and shows that the service has seen the others.
    forged.send(loopback(1), "allowed");
    const auto answer = forged.receive(patience);
    ASSERT_EQ(7, answer.size);
    ASSERT_EQ(loopback(1), answer.to);
  }
  EXPECT_LT(forged.receive(0ms).size, 0);
  EXPECT_EQ(count / window * (window - 1), metric(server, "coroecho_udp_datagrams_refused_total"));
}

// A UDP socket at 127.0.0.1 and any free port.
FileDescriptor datagram_socket() {
  FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("bind");
  return socket;
}

void send_to(const FileDescriptor& socket, std::uint16_t port, std::string_view payload) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (sendto(socket.get(), payload.data(), payload.size(), 0,
             reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    throw_errno("sendto");
}

// The forger has the address of the second service before that does, and sends to the first, which
// is stopped until the second one is there.
TEST(UdpForgery, TwoServicesThatAreAimedAtEachOtherExchangeAtMost64Datagrams) {
  Server first(configuration("rate: 0"));
  std::uint16_t second_port = 0;
  first.process().signal(SIGSTOP);
  {
    const FileDescriptor forger = datagram_socket();
    second_port = port_of(forger);
    send_to(forger, first.port("udp 127.0.0.1"), "round and round");
  }
  Server second("{log: {events: []}, admin: {port: 0}, udp: {rate: 0, port: " +
                std::to_string(second_port) + "}}");
  first.process().signal(SIGCONT);
  const std::string received = "coroecho_udp_datagrams_received_total";
  const std::string refused = "coroecho_udp_datagrams_refused_total";
  // The last one is refused by the one or the other.
  const auto deadline = Clock::now() + patience;
  while (metric(first, refused) + metric(second, refused) == 0)
    ASSERT_LT(Clock::now(), deadline) << "the loop has no end";
  EXPECT_GT(metric(second, received), 0);
  EXPECT_LE(metric(first, received) + metric(second, received), 64);
}

// Echoes for as long as it lives, with a TTL of its own, as other echo services do.
class ForeignEcho {
 public:
  ForeignEcho() : socket_(datagram_socket()), thread_([this] { run(); }) {}
  ForeignEcho(const ForeignEcho&) = delete;
  ForeignEcho& operator=(const ForeignEcho&) = delete;
  ~ForeignEcho() {
    stopping_ = true;
    shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  const FileDescriptor& socket() const { return socket_; }
  std::uint64_t echoed() const { return echoed_; }

 private:
  void run() {
    while (!stopping_) {
      pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      if (poll(&ready, 1, 20) != 1) continue;
      std::array<char, 2048> payload{};
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const ssize_t got = recvfrom(socket_.get(), payload.data(), payload.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&peer), &size);
      if (got < 0) continue;
      ++echoed_;
      sendto(socket_.get(), payload.data(), static_cast<std::size_t>(got), 0,
             reinterpret_cast<const sockaddr*>(&peer), size);
    }
  }

  FileDescriptor socket_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> echoed_ = 0;
  std::thread thread_;
};

// A foreign echo sets the TTL anew, so that does not end the loop; the rate does, since the echo
// has nothing left to answer once the service has refused the only datagram.
TEST(UdpForgery, ALoopWithAForeignEchoEndsAtTheRate) {
  Server server(configuration("rate: 50"));
  const ForeignEcho foreign;
  send_to(foreign.socket(), server.port("udp 127.0.0.1"), "round and round");
  wait_for_metric(server, "coroecho_udp_datagrams_refused_total", 1);
  const double answered = metric(server, "coroecho_udp_datagrams_answered_total");
  EXPECT_LE(answered, 100);
  EXPECT_EQ(1, metric(server, "coroecho_udp_datagrams_refused_total{reason=\"rate\"}"));
  EXPECT_EQ(answered, metric(server, "coroecho_udp_datagrams_received_total") - 1);
}

}  // namespace
}  // namespace service
