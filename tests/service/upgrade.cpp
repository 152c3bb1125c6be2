#include "tests/service/upgrade.hpp"

#include <csignal>

namespace service {
namespace {

// The line that ends with an attempt.
std::string attempt(Server& server, std::string_view result) {
  const std::size_t before = server.log().count_lines(result);
  server.process().signal(SIGRTMIN);
  return server.log().wait_for_line(result, before + 1);
}

}  // namespace

std::string upgrade(Server& server) {
  return attempt(server, " upgraded to coroecho ");
}

std::string refused_upgrade(Server& server) {
  constexpr std::string_view result = " not upgraded: ";
  const std::string line = attempt(server, result);
  return line.substr(line.find(result) + result.size());
}

std::vector<std::string> ReplaceableProgram::runner() const {
  return {"sh", "-c", R"(shift; exec "$0" "$@")", path()};
}

void ReplaceableProgram::replace(std::string_view bytes) const {
  directory_.write("next", bytes);
  put_in_place();
}

void ReplaceableProgram::restore() const {
  std::filesystem::copy_file(COROECHO, directory_ / "next");
  put_in_place();
}

// A file that is executed cannot be written to.
void ReplaceableProgram::put_in_place() const {
  std::filesystem::permissions(directory_ / "next", std::filesystem::perms(0755));
  std::filesystem::rename(directory_ / "next", path());
}

}  // namespace service
