#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/service/server.hpp"
#include "tests/temporary_directory.hpp"

namespace service {

// Sends SIGRTMIN, and waits until the service goes on with the new program. Returns the line of the
// log.
std::string upgrade(Server& server);

// Sends SIGRTMIN, and waits until the service has logged that it goes on with the old program.
// Returns the reason.
std::string refused_upgrade(Server& server);

// A copy of the program, which a test may replace by another.
class ReplaceableProgram {
 public:
  ReplaceableProgram() { restore(); }

  std::filesystem::path path() const { return directory_ / "coroecho"; }
  // Runs this one instead of the program of the command: for a Server.
  std::vector<std::string> runner() const;

  // Puts an executable file with these bytes in its place, such as a script.
  void replace(std::string_view bytes) const;
  void remove() const { std::filesystem::remove(path()); }
  void restore() const;

 private:
  void put_in_place() const;

  TemporaryDirectory directory_;
};

}  // namespace service
