#include "server/accept/inherited_sockets.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "server/config/config_error.hpp"
#include "server/net/peer.hpp"
#include "tests/temporary_directory.hpp"

namespace server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class InheritedSocketsTest : public testing::Test {
 protected:
  ~InheritedSocketsTest() override {
    for (const int socket : sockets_)
      ::close(socket);
  }

  // A socket that does not yet listen.
  int socket(int family, int type = SOCK_STREAM) {
    return sockets_.emplace_back(::socket(family, type | SOCK_CLOEXEC, 0));
  }
  // To a free port.
  int bound(int family, int type) {
    const int socket_number = socket(family, type);
    sockaddr_in6 address{};
    address.sin6_family = static_cast<sa_family_t>(family);
    EXPECT_EQ(0, ::bind(socket_number, reinterpret_cast<const sockaddr*>(&address),
                        family == AF_INET ? sizeof(sockaddr_in) : sizeof address));
    return socket_number;
  }
  // On a free port.
  int listening(int family) {
    const int listener = socket(family);
    EXPECT_EQ(0, ::listen(listener, 1));
    return listener;
  }
  int listening_at(const std::string& path) {
    const int listener = socket(AF_UNIX);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(0, ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    EXPECT_EQ(0, ::listen(listener, 1));
    return listener;
  }

  static std::string error_of(const std::vector<InheritedDescriptor>& descriptors) {
    try {
      inherited_sockets(descriptors);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "none";
  }
  // Expects the message about one descriptor that cannot be used.
  static void expect_refused(int descriptor) {
    EXPECT_EQ("inherited descriptor " + std::to_string(descriptor) +
                  " ('it'): is no listening stream socket, TCP or Unix, and no bound UDP one",
              error_of({{descriptor, "it"}}));
  }

  TemporaryDirectory directory_;
  std::vector<int> sockets_;
};

TEST_F(InheritedSocketsTest, EchoesOnAllButTheOneNamedAdmin) {
  const int tcp4 = listening(AF_INET);
  const int tcp6 = listening(AF_INET6);
  const int local = listening_at(directory_ / "echo");
  const int admin = listening(AF_INET);
  const InheritedSockets sockets =
      inherited_sockets({{tcp4, "unknown"}, {admin, "admin"}, {tcp6, "a"}, {local, "a"}});
  EXPECT_THAT(sockets.echo, ElementsAre(tcp4, tcp6, local));
  EXPECT_EQ(admin, sockets.admin);
}

TEST_F(InheritedSocketsTest, ServesTlsOnThoseOfThatName) {
  const int one = listening(AF_INET);
  const int other = listening_at(directory_ / "tls");
  const InheritedSockets sockets =
      inherited_sockets({{one, "tls"}, {listening(AF_INET), "a"}, {other, "tls"}});
  EXPECT_THAT(sockets.tls, ElementsAre(one, other));
  EXPECT_EQ(1U, sockets.echo.size());
  EXPECT_THAT(error_of({{bound(AF_INET, SOCK_DGRAM), "tls"}}),
              HasSubstr("('tls'): is a UDP socket; TLS is served over TCP"));
}

TEST_F(InheritedSocketsTest, MayBeNone) {
  const InheritedSockets sockets = inherited_sockets({});
  EXPECT_TRUE(sockets.echo.empty());
  EXPECT_FALSE(sockets.admin);
}

TEST_F(InheritedSocketsTest, RefusesASocketThatDoesNotListen) {
  expect_refused(socket(AF_INET));
}

TEST_F(InheritedSocketsTest, RefusesAConnectedSocket) {
  std::array<int, 2> pair{};
  ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()));
  sockets_.insert(sockets_.end(), pair.begin(), pair.end());
  expect_refused(pair[0]);
}

TEST_F(InheritedSocketsTest, EchoesDatagramsOnBoundUdpSockets) {
  const int udp4 = bound(AF_INET, SOCK_DGRAM);
  const int tcp = listening(AF_INET);
  const int udp6 = bound(AF_INET6, SOCK_DGRAM);
  const InheritedSockets sockets = inherited_sockets({{udp4, "a"}, {tcp, "a"}, {udp6, "unknown"}});
  EXPECT_THAT(sockets.udp, ElementsAre(udp4, udp6));
  EXPECT_THAT(sockets.echo, ElementsAre(tcp));
}

TEST_F(InheritedSocketsTest, RefusesOtherDatagrams) {
  expect_refused(socket(AF_INET, SOCK_DGRAM));
  expect_refused(socket(AF_UNIX, SOCK_DGRAM));
  const int connected = bound(AF_INET, SOCK_DGRAM);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(9);
  ASSERT_EQ(0, ::connect(connected, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  expect_refused(connected);
}

TEST_F(InheritedSocketsTest, RefusesUdpForTheAdminEndpoint) {
  EXPECT_THAT(error_of({{bound(AF_INET, SOCK_DGRAM), "admin"}}),
              HasSubstr("('admin'): is a UDP socket; the admin endpoint is served over TCP"));
}

TEST_F(InheritedSocketsTest, RefusesWhatIsNoSocket) {
  expect_refused(sockets_.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC)));
}

TEST_F(InheritedSocketsTest, RefusesWhatIsNotOpen) {
  expect_refused(100'000'000);
}

TEST_F(InheritedSocketsTest, RefusesASecondAdmin) {
  EXPECT_THAT(error_of({{listening(AF_INET), "admin"}, {listening(AF_INET), "admin"}}),
              HasSubstr("('admin'): is the second of that name"));
}

TEST_F(InheritedSocketsTest, ShowsAStrangeNameHarmlessly) {
  EXPECT_THAT(error_of({{100'000'000, "a\nb"}}), HasSubstr("('a\\nb')"));
}

TEST_F(InheritedSocketsTest, AreAdoptedWithTheirAddress) {
  const auto address = [](int listener) {
    return to_string(local_endpoint(owned_socket(::dup(listener)).number()));
  };
  EXPECT_THAT(address(listening(AF_INET)), StartsWith("0.0.0.0:"));
  EXPECT_THAT(address(listening(AF_INET6)), StartsWith("[::]:"));
  EXPECT_EQ("unix:" + (directory_ / "echo").string(), address(listening_at(directory_ / "echo")));
}

TEST_F(InheritedSocketsTest, DoNotBlockAndAreClosedOnExecOnceTheyAreAdopted) {
  const coro::Descriptor socket = owned_socket(::dup(listening(AF_INET)));
  EXPECT_EQ(FD_CLOEXEC, ::fcntl(socket.number(), F_GETFD));
  EXPECT_NE(0, ::fcntl(socket.number(), F_GETFL) & O_NONBLOCK);
}

}  // namespace
}  // namespace server
