#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/service/process.hpp"
#include "tests/service/socket_client.hpp"
#include "tests/temporary_directory.hpp"

namespace service {

// Arguments of a service that listens on any free port of 127.0.0.1.
inline const std::vector<std::string> on_any_port = {"--host", "127.0.0.1", "--port", "0"};

// A running coroecho with a configuration of its own. When the test ends, the service must still
// run, stop on SIGTERM and exit 0; a test that ends it otherwise calls stop() or expect_exit().
class Server {
 public:
  // `configuration` is YAML; the command line then sets the address: 127.0.0.1 and any free port,
  // unless a test has its own. `runner` is a command that runs the server, such as prlimit(1).
  explicit Server(std::string_view configuration = "",
                  const std::vector<std::string>& arguments = on_any_port,
                  const std::vector<std::string>& runner = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // The port on which the service listens at an address as the log shows it: "127.0.0.1", "[::1]".
  std::uint16_t port(std::string_view address = "127.0.0.1") const;

  // A new connection to 127.0.0.1.
  SocketClient connect() const;

  // The log.
  const CapturedOutput& log() const { return process_.output(); }

  Process& process() { return process_; }
  const TemporaryDirectory& directory() const { return directory_; }

  // Replaces the configuration file; SIGHUP makes the server read it.
  void write_configuration(std::string_view configuration) const;

  // Sends the signal and expects an exit with that code.
  void stop(int signal, int exit_code = 0);

  // Waits for the end and expects that exit code.
  void expect_exit(int exit_code);

 private:
  TemporaryDirectory directory_;
  Process process_;
};

// Replaces the configuration and waits for the line of the log with this answer.
void reload(Server& server, const std::string& configuration,
            const std::string& answer = " reloaded");

// The line of the log with which a client's conversation has ended.
std::string ending(const Server& server, int client = 1);

std::vector<SocketClient> connect_all(const Server& server, std::size_t count);

}  // namespace service
