#include "server/accept/listening.hpp"

#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "server/config/config_error.hpp"
#include "server/net/peer.hpp"
#include "server/process/lock_file.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/server/socket_end.hpp"

namespace server {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

// "ADDRESS:PORT", and what is special about it.
std::vector<std::string> names(const Config& config, coro::Yield yield) {
  std::vector<std::string> all;
  for (const ListenAddress& address : listen_addresses(config, yield)) {
    all.push_back(to_string(address.endpoint) + (address.optional ? " optional" : "") +
                  (address.dual_stack ? " dual" : ""));
  }
  return all;
}

Config config_for(std::vector<std::string> hosts, std::uint16_t port = 7) {
  Config config;
  config.host = std::move(hosts);
  config.port = port;
  return config;
}

TEST(ListenAddresses, LocalhostIsBothLoopbacksOfWhichIpv6MayBeAbsent) {
  run([](coro::Yield yield) {
    EXPECT_THAT(names(config_for({"localhost"}), yield),
                ElementsAre("127.0.0.1:7", "[::1]:7 optional"));
  });
}

TEST(ListenAddresses, NamesNoAddressTwice) {
  run([](coro::Yield yield) {
    EXPECT_THAT(names(config_for({"127.0.0.1", "localhost", "::1"}), yield),
                ElementsAre("127.0.0.1:7", "[::1]:7 optional"));
  });
}

TEST(ListenAddresses, TheIpv6WildcardTakesIpv4UnlessThatHasAWildcardOfItsOwn) {
  run([](coro::Yield yield) {
    EXPECT_THAT(names(config_for({"::"}), yield), ElementsAre("[::]:7 dual"));
    EXPECT_THAT(names(config_for({"::", "0.0.0.0"}), yield), ElementsAre("[::]:7", "0.0.0.0:7"));
    EXPECT_THAT(names(config_for({"::", "::ffff:0.0.0.0"}), yield),
                ElementsAre("[::]:7", "0.0.0.0:7"));
  });
}

// To bind both fails, whereas a reload, which shares ports for a moment, would bind both.
TEST(ListenAddresses, AWildcardCoversTheAddressesOfItsKind) {
  run([](coro::Yield yield) {
    EXPECT_THAT(names(config_for({"0.0.0.0", "127.0.0.1"}), yield), ElementsAre("0.0.0.0:7"));
    EXPECT_THAT(names(config_for({"127.0.0.1", "0.0.0.0", "::1"}), yield),
                ElementsAre("0.0.0.0:7", "[::1]:7"));
    EXPECT_THAT(names(config_for({"localhost", "::"}), yield), ElementsAre("[::]:7 dual"));
    EXPECT_THAT(names(config_for({"::", "localhost", "0.0.0.0"}), yield),
                ElementsAre("[::]:7", "0.0.0.0:7"));
  });
}

TEST(ListenAddresses, HasTheUnixSocketToo) {
  run([](coro::Yield yield) {
    Config config = config_for({});
    config.unix_socket.path = "/run/echo.sock";
    EXPECT_THAT(names(config, yield), ElementsAre("unix:/run/echo.sock"));
  });
}

TEST(ListenAddresses, SaysWhichNameCannotBeResolved) {
  run([](coro::Yield yield) {
    EXPECT_THAT(
        [&] { listen_addresses(config_for({"no such host"}), yield); },
        ThrowsMessage<ConfigError>(HasSubstr("key 'host': cannot resolve 'no such host': ")));
  });
}

// From now on this process is on a machine whose kernel was started without IPv6.
void lose_ipv6() {
  // NOLINTBEGIN(hicpp-signed-bitwise): the kernel's macros
  std::array<sock_filter, 6> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  // NOLINTEND(hicpp-signed-bitwise)
  const sock_fprog filter = {program.size(), program.data()};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

// The address that listening on all of them ends up at.
std::string all_addresses_without_ipv6() {
  lose_ipv6();
  std::string name;
  run([&](coro::Yield yield) {
    const Config config = config_for({"::"}, 0);
    const auto addresses = listen_addresses(config, yield);
    const auto socket = listen(addresses.front(), config);
    name = socket ? to_string(local_endpoint(socket->socket.number())) : socket.error().message();
  });
  return name;
}

TEST(ListenDeathTest, AllAddressesOfAMachineWithoutIpv6AreThoseOfIpv4) {
  EXPECT_EXIT(std::cerr << all_addresses_without_ipv6();
              std::exit(0), testing::ExitedWithCode(0), "0\\.0\\.0\\.0:[1-9]");
}

// Its socket refuses connections, as a stale one does.
TEST(Listen, LeavesTheUnixSocketOfOneThatStartsAlone) {
  run([](coro::Yield yield) {
    const TemporaryDirectory directory;
    Config config = config_for({});
    config.unix_socket.path = directory / "echo.sock";
    const auto other = LockFile::take(config.unix_socket.path);
    const auto addresses = listen_addresses(config, yield);
    boost::asio::local::stream_protocol::acceptor starting(yield.executor(),
                                                           boost::asio::local::stream_protocol());
    starting.bind(boost::asio::local::stream_protocol::endpoint(config.unix_socket.path));

    const auto socket = listen(addresses.front(), config);
    ASSERT_TRUE(socket.has_error());
    EXPECT_EQ(boost::asio::error::address_in_use, socket.error());
    EXPECT_TRUE(std::filesystem::exists(config.unix_socket.path));
  });
}

// The port of a socket that listens.
std::uint16_t port_of(const ListeningSocket& socket) {
  boost::asio::ip::tcp::endpoint endpoint;
  const coro::Endpoint local = local_endpoint(socket.socket.number());
  endpoint.resize(local.size());
  std::memcpy(endpoint.data(), local.data(), local.size());
  return endpoint.port();
}

TEST(Listen, APortInUsePassesOnlyFromASocketThatCedesIt) {
  run([](coro::Yield yield) {
    const auto listen_on = [&](const Config& config, const std::vector<int>& ceding) {
      return listen(listen_addresses(config, yield).front(), config, ceding);
    };
    auto old = listen_on(config_for({"127.0.0.1"}, 0), {});
    ASSERT_TRUE(old.has_value());
    const Config all = config_for({"::"}, port_of(*old));
    const auto refused = listen_on(all, {});
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(boost::asio::error::address_in_use, refused.error());

    const auto passed = listen_on(all, {-1, old->socket.number()});
    ASSERT_TRUE(passed.has_value());
    EXPECT_FALSE(listen_on(all, {}).has_value()) << "the port is shared";
    old->socket.close();
    EXPECT_FALSE(listen_on(all, {}).has_value()) << "the port is shared";
  });
}

// The line of an error of bind(2).
std::string mistake(const ListenAddress& address, int error) {
  return listening_mistake(address, {error, boost::system::system_category()}).what();
}

TEST(ListeningMistake, IsThePortsOrTheAddresses) {
  run([](coro::Yield yield) {
    Config config = config_for({"127.0.0.1"});
    config.tls.port = 8;
    config.origins.set("port", "--port");
    config.origins.set("host", "COROECHO_HOST");
    const auto addresses = listen_addresses(config, yield);
    ASSERT_EQ(2U, addresses.size());
    const ListenAddress& tls = addresses.back();
    EXPECT_EQ("--port: cannot listen on 127.0.0.1:7: Address already in use",
              mistake(addresses.front(), EADDRINUSE));
    EXPECT_THAT(mistake(addresses.front(), EACCES),
                AllOf(StartsWith("--port: cannot listen on 127.0.0.1:7: Permission denied (a port"),
                      EndsWith("needs CAP_NET_BIND_SERVICE or coroecho.socket)")));
    EXPECT_EQ("COROECHO_HOST: cannot listen on 127.0.0.1:7: Cannot assign requested address",
              mistake(addresses.front(), EADDRNOTAVAIL));
    EXPECT_THAT(mistake(tls, EACCES), StartsWith("key 'tls.port': cannot listen on 127.0.0.1:8: "));
    EXPECT_THAT(mistake(tls, EADDRNOTAVAIL), StartsWith("COROECHO_HOST: "));
  });
}

TEST(ListeningMistake, IsThePathsOfAUnixSocket) {
  run([](coro::Yield yield) {
    Config config = config_for({});
    config.unix_socket.path = "/run/echo.sock";
    const auto addresses = listen_addresses(config, yield);
    const std::string prefix = "key 'unix.path': cannot listen on unix:/run/echo.sock: ";
    EXPECT_EQ(prefix + "Permission denied", mistake(addresses.front(), EACCES));
    EXPECT_EQ(prefix + "Address already in use", mistake(addresses.front(), EADDRINUSE));
  });
}

TEST(AdminAddress, IsOneOfItsHost) {
  run([](coro::Yield yield) {
    Config config;
    config.admin = {.host = "localhost", .port = 7};
    const ListenAddress address = admin_address(config, yield);
    EXPECT_EQ("127.0.0.1:7", to_string(address.endpoint));
    EXPECT_EQ("key 'admin.host'", address.origin);
    EXPECT_EQ("key 'admin.port'", address.port_origin);
    config.admin.host = "no such host";
    EXPECT_THAT([&] { admin_address(config, yield); },
                ThrowsMessage<ConfigError>(HasSubstr("key 'admin.host'")));
  });
}

}  // namespace
}  // namespace server
