#include <gtest/gtest.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/service/datagram_client.hpp"
#include "tests/service/exit_codes.hpp"
#include "tests/service/injected_failure.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/server.hpp"
#include "tests/service/slow_names.hpp"

// A part of the service fails: the service neither hangs nor silently goes on without it.
namespace service {
namespace {

// Shuts down the listening sockets of another process, as `ss -K` does.
void shut_down_listeners(pid_t process) {
  const FileDescriptor handle(static_cast<int>(syscall(SYS_pidfd_open, process, 0)), "pidfd_open");
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd")) {
    const int number = std::stoi(entry.path().filename());
    const long copy = syscall(SYS_pidfd_getfd, handle.get(), number, 0);
    if (copy < 0) continue;
    const FileDescriptor descriptor(static_cast<int>(copy), "pidfd_getfd");
    int listens = 0;
    socklen_t size = sizeof listens;
    getsockopt(descriptor.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
    if (listens != 0) shutdown(descriptor.get(), SHUT_RDWR);
  }
}

TEST(FailingPart, AListenerThatIsShutDownIsOpenedAgainAndClientsAreServedOn) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const std::uint16_t port = Server().port();  // free again
  Server server(
      "{host: 127.0.0.1, port: " + std::to_string(port) + ", unix: " + path.string() + "}", {});
  server.log().wait_for_line("listening on ", 2);
  SocketClient client = server.connect();
  client.echo("before");
  shut_down_listeners(server.process().pid());
  server.log().wait_for_line("error no longer listening on ", 2);
  server.log().wait_for_line(" listening on 127.0.0.1", 3);  // 2nd: no longer
  server.log().wait_for_line(" listening on unix:", 3);
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ("tcp", SocketClient("127.0.0.1", port).echo("tcp"));
  EXPECT_EQ("unix", SocketClient(path).echo("unix"));
  EXPECT_LT(processor_share(server.process().pid()), idle_share);
}

TEST(FailingPart, AnAdminEndpointThatIsShutDownIsOpenedByTheNextReload) {
  Server server("admin: {port: 0}");
  server.log().wait_for_line("admin on http://");
  shut_down_listeners(server.process().pid());
  server.log().wait_for_line("error admin no longer on http://");
  server.process().signal(SIGHUP);
  server.log().wait_for_line("admin on http://", 2);
}

TEST(FailingPart, WithoutBeingToldOfEventsTheServiceEndsWithAnError) {
  Server server("", any_port, ends_traced);
  SocketClient client = server.connect();
  client.echo("before");
  const InjectedFailure failure(server.process(), "epoll_wait:error=EBADF");
  server.process().signal(SIGUSR1);  // it wakes
  EXPECT_EQ(internal_error, server.process().wait());
  server.log().wait_for_line("error the scheduler failed: epoll_wait: Bad file descriptor");
}

// epoll_ctl(2): ENOSPC at fs.epoll.max_user_watches.
TEST(FailingPart, WithoutAWatchForAClientTheServiceHasFailedAndNotTheNetwork) {
  Server server("admin: {port: 0}");
  const std::string ended = "client 1 disconnected: failed: fs.epoll.max_user_watches is reached (";
  {
    const InjectedFailure failure(server.process(), "epoll_ctl:error=ENOSPC");
    EXPECT_EQ("", server.connect().receive_until_end());
    server.log().wait_for_line(ended);
  }
  EXPECT_EQ("hello", server.connect().exchange("hello"));
  EXPECT_EQ(1U, server.log().count_lines("client 1 disconnected: "));
}

TEST(FailingPart, WithoutAWatchForAListenerConnectionsWait) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  Server server;
  server.write_configuration("{unix: " + path.string() + ", admin: {port: 0}}");
  const std::string reason = "out of epoll watches (fs.epoll.max_user_watches): connections wait";
  SocketClient client = [&] {
    const InjectedFailure failure(server.process(), "epoll_ctl:error=ENOSPC");
    server.process().signal(SIGHUP);
    server.log().wait_for_line("warning " + reason);
    server.log().wait_for_line("warning admin: " + reason);
    return SocketClient(path);
  }();
  EXPECT_EQ("hello", client.exchange("hello"));
}

TEST(FailingPart, WithoutSignalsTheServiceDrains) {
  Server server("", any_port, ends_traced);
  SocketClient client = server.connect();
  client.echo("before");
  const InjectedFailure failure(server.process(), "read:error=EIO");
  server.process().signal(SIGUSR1);
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.expect_exit(internal_error);
  EXPECT_EQ(1U, server.log().count_lines("client 1 disconnected: shutdown"));
}

TEST(FailingPart, AReloadThatCannotBeDoneChangesNothingAndTheNextOneWorks) {
  Server server("{host: 127.0.0.1, port: 0}", {});
  const std::uint16_t port = server.port();
  server.write_configuration("{host: [127.0.0.1, 127.0.0.2], port: 0, tcp: {nodelay: false}}");
  {
    const InjectedFailure failure(server.process(), "setsockopt:error=ENOBUFS");
    server.process().signal(SIGHUP);
    server.log().wait_for_line("error not reloaded: ");
  }
  EXPECT_EQ("hello", SocketClient("127.0.0.1", port).echo("hello"));
  server.process().signal(SIGHUP);
  server.log().wait_for_line(" reloaded");
  EXPECT_EQ("both", SocketClient("127.0.0.2", server.port("127.0.0.2")).echo("both"));
}

// Datagrams wait, and no call receives them.
class FailingUdp : public testing::Test {
 protected:
  // The first failure is logged at once, the second one is counted.
  void fail_twice() {
    client_.send("waits", "127.0.0.1", server_.port("udp 127.0.0.1"));
    client_.send("waits", "127.0.0.2", server_.port("udp 127.0.0.2"));
    server_.log().wait_for_line("udp: cannot receive, datagrams wait: Cannot allocate memory");
  }

  // Memory that has been freed is overwritten.
  Server server_{"{host: [127.0.0.1, 127.0.0.2], port: 0, udp: {port: 0}}",
                 {},
                 {"env", "ASAN_OPTIONS=detect_leaks=0", "MALLOC_PERTURB_=165"}};
  const InjectedFailure failure_{server_.process(), "recvmsg,recvmmsg:error=ENOMEM"};
  const DatagramClient client_;
};

TEST_F(FailingUdp, IsCountedAlsoAfterAReloadHasTurnedItOff) {
  fail_twice();
  reload(server_, "{host: 127.0.0.1, port: 0}");
  server_.log().wait_for_line(" times in the last second)");
  EXPECT_EQ("hello", server_.connect().echo("hello"));
}

TEST_F(FailingUdp, IsCountedAtOnceWhenTheServiceStops) {
  fail_twice();
  server_.stop(SIGTERM);
  EXPECT_EQ(1U, server_.log().count_lines(" times in the last second)"));
}

std::vector<std::string> slowly(const std::string& host) {
  std::vector<std::string> command = slow_names;
  command.insert(command.end(), {COROECHO, "--host", host, "--port", "0"});
  return command;
}

TEST(SilentNameServer, DoesNotKeepAStartFromBeingStopped) {
  Process process(slowly("example.test"));
  process.output().wait_for_line("stacks guarded by");
  process.signal(SIGTERM);
  EXPECT_EQ(0, process.wait());
}

TEST(SilentNameServer, DoesNotKeepAHealthCheckForLongerThanThreeSeconds) {
  std::vector<std::string> command = slowly("example.test");
  command.emplace_back("--check-health");
  const auto finished = run(command);
  EXPECT_EQ(1, finished.exit_code);
  EXPECT_THAT(finished.errors, HasSubstr("cannot resolve 'example.test': no answer in time"));
}

TEST(SilentNameServer, DoesNotKeepAReloadFromBeingStopped) {
  const auto time_to_stop = [] {
    Server server("{host: 127.0.0.1, port: 0, admin: {port: 0}}", {}, slow_names);
    SocketClient client = server.connect();
    client.echo("before");
    server.write_configuration("{host: [127.0.0.1, example.test], port: 0, admin: {port: 0}}");
    server.process().signal(SIGHUP);
    EXPECT_EQ("meanwhile", client.echo("meanwhile"));
    client.close();
    const auto asked = Clock::now();
    server.stop(SIGTERM);
    return Clock::now() - asked;
  };
  EXPECT_TRUE(once_below(std::chrono::seconds(2), time_to_stop));  // then nothing is waited for
}

TEST(SilentNameServer, WithoutAThreadToAskItAStartIsRefusedAndAReloadIsAnErrorLine) {
  std::vector<std::string> without = slow_names;
  without.emplace_back("NO_THREADS=1");
  Server server("{host: 127.0.0.1, port: 0}", {}, without);
  server.write_configuration("{host: example.test, port: 0}");
  server.process().signal(SIGHUP);
  server.log().wait_for_line("not reloaded: ");
  EXPECT_EQ("hello", server.connect().echo("hello"));

  std::vector<std::string> command = slowly("example.test");
  command.insert(command.begin() + 1, "NO_THREADS=1");
  const Finished finished = run(command);
  EXPECT_EQ(cannot_listen, finished.exit_code);
  EXPECT_NE(std::string::npos, finished.output.find("cannot resolve 'example.test'"))
      << finished.output;
}

}  // namespace
}  // namespace service
