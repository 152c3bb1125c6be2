#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"

// Clients that other people wrote.
namespace service {
namespace {

// The client gets `bytes` and the end of its input, and prints the same bytes.
void expect_echo_through(const std::vector<std::string>& client, const std::string& bytes) {
  const Finished finished = run(client, bytes);
  EXPECT_EQ(0, finished.exit_code) << finished.errors;
  expect_same_bytes(bytes, finished.output);
}

TEST(Peers, NcatGetsEverythingBack) {
  const Server server;
  expect_echo_through({"ncat", "127.0.0.1", std::to_string(server.port())},
                      random_bytes(8 * mebibyte));
}

TEST(Peers, SocatGetsEverythingBack) {
  const Server server;
  // -t: how long socat waits after its half-close; half a second by default.
  expect_echo_through({"socat", "-t", "30", "-", "TCP:127.0.0.1:" + std::to_string(server.port())},
                      random_bytes(8 * mebibyte));
}

TEST(Peers, OpenbsdNetcatGetsEverythingBack) {
  const Server server;
  // -N: half-close at the end of the input.
  expect_echo_through({"nc.openbsd", "-N", "127.0.0.1", std::to_string(server.port())},
                      random_bytes(8 * mebibyte));
}

TEST(Peers, OurClientGetsEverythingBack) {
  const Server server;
  expect_echo_through({COROECHO_CLIENT, "127.0.0.1", std::to_string(server.port())},
                      random_bytes(8 * mebibyte));
}

TEST(Peers, LuaClientsTakeTurns) {
  const Server server;
  const std::vector<std::string> command = {"lua5.4", SERVICE_TESTS "/lua_client.lua", "localhost",
                                            std::to_string(server.port())};
  Process first(command);
  Process second(command);
  first.write("1111111\n");
  first.output().wait_for_line("received: 1111111");
  second.write("222222\n");
  second.output().wait_for_line("received: 222222");
  first.close_input();
  EXPECT_EQ(0, first.wait()) << first.errors().text();
  second.write("still here\n");
  second.output().wait_for_line("received: still here");
  second.close_input();
  EXPECT_EQ(0, second.wait()) << second.errors().text();
}

}  // namespace
}  // namespace service
