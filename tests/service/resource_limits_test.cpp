// The service reaches limits of its process (getrlimit(2)).
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "tests/service/daemon.hpp"
#include "tests/service/server.hpp"

namespace service {
namespace {

using std::chrono::milliseconds;

constexpr rlim_t file_size = 4096;

template <typename Condition>
bool wait_until(Condition condition) {
  const auto deadline = Clock::now() + patience;
  while (!condition() && Clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(5));
  return condition();
}

TEST(FileSizeLimit, CostsTheLogItsLinesAndNoClientItsEcho) {
  Server server;
  const auto log = server.directory() / "log";
  const rlimit limit{.rlim_cur = file_size, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(0, prlimit(server.process().pid(), RLIMIT_FSIZE, &limit, nullptr));
  server.write_configuration("log: {file: " + log.string() + "}\n");
  server.process().signal(SIGHUP);
  ASSERT_TRUE(wait_until([&] { return content(log).find("reloaded") != std::string::npos; }));

  SocketClient client = server.connect();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(std::string(60, 'x'), client.echo(std::string(60, 'x')));
  server.process().errors().wait_for_line("File too large");
  EXPECT_EQ(file_size, content(log).size());

  const rlimit none{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(0, prlimit(server.process().pid(), RLIMIT_FSIZE, &none, nullptr));
  EXPECT_EQ("again", client.echo("again"));
  EXPECT_TRUE(wait_until([&] { return content(log).find("\"again\"") != std::string::npos; }));
  server.process().signal(SIGTERM);
  EXPECT_EQ(0, server.process().wait());
}

}  // namespace
}  // namespace service
