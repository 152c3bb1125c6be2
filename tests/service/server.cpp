#include "tests/service/server.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <exception>
#include <stdexcept>

namespace service {

namespace {

constexpr const char* file_name = "coroecho.yaml";

std::vector<std::string> command(const std::vector<std::string>& runner,
                                 const std::filesystem::path& configuration,
                                 const std::vector<std::string>& arguments) {
  std::vector<std::string> words = runner;
  words.insert(words.end(), {COROECHO, "--config", configuration});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

Server::Server(std::string_view configuration, const std::vector<std::string>& arguments,
               const std::vector<std::string>& runner)
    : process_(command(runner, directory_.write(file_name, configuration), arguments)) {
  try {
    process_.output().wait_for_line("listening on ");
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(error.what() + process_.errors().text());
  }
}

Server::~Server() {
  if (!process_.running()) return;
  try {
    stop(SIGTERM);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

std::uint16_t Server::port(std::string_view address) const {
  const std::string before = "listening on " + std::string(address) + ":";
  const std::string line = log().wait_for_line(before);
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.find(before) + before.size())));
}

SocketClient Server::connect() const {
  return {"127.0.0.1", port()};
}

void Server::write_configuration(std::string_view configuration) const {
  directory_.write(file_name, configuration);
}

void Server::stop(int signal, int exit_code) {
  process_.signal(signal);
  expect_exit(exit_code);
}

void Server::expect_exit(int exit_code) {
  const int actual = process_.wait();
  const std::string log = process_.output().wait_for_end();
  EXPECT_EQ(exit_code, actual) << log;
  // Sanitizers report here, and so does an assertion.
  EXPECT_EQ("", process_.errors().wait_for_end());
}

void reload(Server& server, const std::string& configuration, const std::string& answer) {
  const std::size_t before = server.log().count_lines(answer);
  server.write_configuration(configuration);
  server.process().signal(SIGHUP);
  server.log().wait_for_line(answer, before + 1);
}

std::string ending(const Server& server, int client) {
  return server.log().wait_for_line("client " + std::to_string(client) + " disconnected: ");
}

std::vector<SocketClient> connect_all(const Server& server, std::size_t count) {
  std::vector<SocketClient> clients;
  clients.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    clients.push_back(server.connect());
  return clients;
}

}  // namespace service
