#include "tests/injection/stage.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

namespace injection {
namespace {

service::FileDescriptor service_manager(const std::filesystem::path& path) {
  service::FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                                 "socket");
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    service::throw_errno("bind");
  return socket;
}

Control* shared(const std::filesystem::path& path) {
  const service::FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600),
                                     "open");
  if (ftruncate(file.get(), sizeof(Control)) != 0) service::throw_errno("ftruncate");
  void* memory = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) service::throw_errno("mmap");
  return static_cast<Control*>(memory);
}

}  // namespace

Stage::Stage() : manager_(service_manager(path("manager"))), control_(shared(path("control"))) {}

Stage::~Stage() {
  munmap(control_, sizeof(Control));
}

std::vector<std::string> Stage::command(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {
      "env",
      // LD_PRELOAD takes no path with a blank (ld.so(8)).
      "LD_LIBRARY_PATH=" PRELOADED_FOLDER, "LD_PRELOAD=" PRELOADED,
      control_variable + ("=" + path("control").string()),
      "NOTIFY_SOCKET=" + path("manager").string(), "WATCHDOG_USEC=1000000", COROECHO, "--config",
      path(configuration_name).string(), "--pidfile", path("pid").string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

void Stage::configure(std::string_view second_host, std::string_view log) const {
  std::string yaml = "host: [127.0.0.1, '";
  yaml.append(second_host).append("']\nport: 0\nunix: {path: ").append(path("echo").string());
  yaml +=
      "}\nadmin: {host: 127.0.0.1, port: 0}\nlimits: {idle_timeout: 50s}\nudp: {port: 0}\n"
      "shutdown: {timeout: 500ms}\nlog: {payload: 5";
  if (!log.empty()) yaml += ", file: " + path(log).string();
  directory_.write(std::string(configuration_name), yaml + "}\n");
}

std::string Stage::told() {
  std::array<char, 4096> message{};
  ssize_t size = 0;
  while ((size = recv(manager_.get(), message.data(), message.size(), 0)) > 0)
    told_.append(message.data(), static_cast<std::size_t>(size)).push_back('\n');
  return told_;
}

std::string Stage::content(std::string_view name) const {
  std::ifstream file(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace injection
