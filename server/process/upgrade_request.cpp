#include "server/process/upgrade_request.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

#include "coro/descriptor.hpp"
#include "program/quantity.hpp"
#include "server/config/config_error.hpp"
#include "server/process/lock_file.hpp"
#include "server/process/pid_file.hpp"

namespace server {
namespace {

using coro::Descriptor;
using std::chrono::steady_clock;

// The kernel gives files the time of its last tick, which may be so long ago.
constexpr std::chrono::milliseconds longest_tick{20};
constexpr std::chrono::milliseconds between_looks{5};

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

struct stat status_of(const Descriptor& file) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) throw std::system_error(errno, std::generic_category());
  return status;
}

bool same(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

// Whether the signal cannot end the process, as it would one that does not know it: a release that
// cannot upgrade, or a stranger whose number somebody has written into the file (proc(5)).
bool blocks(const std::string& process, int signal) {
  std::ifstream status("/proc/" + process + "/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view name = "SigBlk:";
    if (!line.starts_with(name)) continue;
    const std::uint64_t blocked = std::strtoull(line.c_str() + name.size(), nullptr, 16);
    return (blocked >> (signal - 1) & 1U) != 0;
  }
  return false;
}

// A process, as it is named in lines for the operator, and a handle (pidfd_open(2)). glibc 2.36
// declares the functions for such handles for C alone.
struct Holder {
  std::string number;
  Descriptor handle;
};

// The process that holds the open file. Its number cannot become another's while the lock is held.
Holder holder_of(const Descriptor& file, const std::string& where) {
  const auto number = number_in(file.number());
  if (!number) throw NotRunning(where + "is no pid file");
  const auto process = program::parse_whole_number(*number);
  Descriptor handle;
  if (process)
    handle =
        Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(*process), 0)));
  if (!handle.is_open() || !is_locked_for_writing(file.number()))
    throw NotRunning(where + "no process that runs holds it");
  return {*number, std::move(handle)};
}

bool ends_within(const Descriptor& process, std::chrono::milliseconds limit) {
  pollfd events{.fd = process.number(), .events = POLLIN, .revents = 0};
  return ::poll(&events, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

// The result shows in the times of the file, see PidFile.
void request_upgrade(const std::filesystem::path& pid_file, std::chrono::seconds limit) {
  const std::string where = "pid file '" + escaped(pid_file.string()) + "': ";
  const Descriptor file(::open(pid_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) throw NotRunning(where + reason_of(errno));
  const auto [number, handle] = holder_of(file, where);
  const std::string process = "process " + number;
  if (!blocks(number, SIGRTMIN)) throw std::runtime_error(process + " cannot upgrade in place");

  const struct stat before = status_of(file);
  std::this_thread::sleep_for(longest_tick);
  if (::syscall(SYS_pidfd_send_signal, handle.number(), SIGRTMIN, nullptr, 0) != 0)
    throw std::runtime_error(process + ": " + reason_of(errno));
  for (const auto deadline = steady_clock::now() + limit; steady_clock::now() < deadline;) {
    if (ends_within(handle, between_looks)) throw std::runtime_error(process + " has ended");
    const struct stat now = status_of(file);
    if (!same(now.st_mtim, before.st_mtim)) return;
    if (!same(now.st_ctim, before.st_ctim))
      throw std::runtime_error(process + " is not upgraded, its log says why");
  }
  throw std::runtime_error(process + " has not upgraded within " + std::to_string(limit.count()) +
                           " s");
}

}  // namespace server
