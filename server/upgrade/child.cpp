#include "server/upgrade/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "coro/condition.hpp"
#include "coro/readiness.hpp"
#include "coro/time_limit.hpp"
#include "server/process/requests.hpp"

namespace server {
namespace {

constexpr std::size_t kept_output = 4096;
// A program that answers prints a line. One that prints without end must not keep the service busy.
constexpr std::size_t most_output = std::size_t{1024} * 1024;

[[noreturn]] void throw_error(int error, const char* call) {
  throw std::system_error(error, std::generic_category(), call);
}

struct Pipe {
  coro::Descriptor read;
  coro::Descriptor write;
};

// Reading does not wait.
Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_error(errno, "pipe2");
  Pipe pipe{coro::Descriptor(ends[0]), coro::Descriptor(ends[1])};
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) throw_error(errno, "fcntl");
  return pipe;
}

// Settings of posix_spawn(3) for the child: its directory, its streams, the signals of a fresh
// process except that no request ends it, and a process group of its own, so that kill() reaches
// the processes that it starts. Each call fails for want of memory alone.
class SpawnSettings {
 public:
  SpawnSettings(const std::string& directory, int output) {
    const auto require = [](int error) {
      if (error != 0) throw_error(error, "posix_spawn");
    };
    require(::posix_spawn_file_actions_init(&actions_));
    require(::posix_spawnattr_init(&attributes_));
    require(::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str()));
    require(::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
      require(::posix_spawn_file_actions_adddup2(&actions_, output, stream));
    // Such as `systemctl kill -s RTMIN` sends to the whole control group. Until the child blocks
    // them itself, they would end it.
    const sigset_t blocked = requests();
    sigset_t all;
    ::sigfillset(&all);
    require(::posix_spawnattr_setsigmask(&attributes_, &blocked));
    require(::posix_spawnattr_setsigdefault(&attributes_, &all));
    require(::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP));
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  SpawnSettings(SpawnSettings&&) = delete;
  SpawnSettings& operator=(SpawnSettings&&) = delete;

  int spawn(pid_t& pid, const char* path, char* const* arguments) const {
    return ::posix_spawn(&pid, path, &actions_, &attributes_, arguments, environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Notifies the coroutine that waits for two descriptors.
class Waker final : public coro::Readiness::Observer {
 public:
  explicit Waker(coro::Condition& changed) : changed_(changed) {}
  void became_readable() override {
    readable_ = true;
    changed_.notify_all();
  }
  bool readable() const { return readable_; }
  void clear() { readable_ = false; }

 private:
  coro::Condition& changed_;
  bool readable_ = false;
};

}  // namespace

Child::Child(const std::string& path, const std::string& directory,
             std::vector<std::string> arguments) {
  Pipe pipe = open_pipe();
  const SpawnSettings settings(directory, pipe.write.number());
  // If it is ignored, which is inherited, the status of the child is lost.
  std::signal(SIGCHLD, SIG_DFL);
  if (const int error = settings.spawn(pid_, path.c_str(), null_terminated(arguments).data()))
    throw_error(error, "posix_spawn");
  pipe_ = std::move(pipe.read);
  // A descriptor that becomes readable when the child ends: no SIGCHLD, which belongs to the whole
  // process. glibc 2.36 declares pidfd_open() for C alone.
  process_ = coro::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (process_.is_open()) return;
  const int error = errno;
  kill();
  static_cast<void>(reap());
  throw_error(error, "pidfd_open");
}

Child::~Child() {
  if (pid_ < 0) return;
  kill();
  static_cast<void>(reap());
}

boost::system::result<int> Child::wait(coro::Yield yield, std::chrono::nanoseconds limit) {
  coro::Condition changed;
  Waker ended(changed);
  Waker printed(changed);
  coro::Readiness process(yield.scheduler(), process_.number());
  coro::Readiness pipe(yield.scheduler(), pipe_.number());
  if (const auto error = process.observe_readable(&ended)) return error;
  if (const auto error = pipe.observe_readable(&printed)) return error;

  coro::error_code error;
  bool in_time = true;
  {
    const coro::TimeLimit time_limit(yield, limit);
    while (!error && !ended.readable()) {
      error = changed.wait(yield, [&] { return ended.readable() || printed.readable(); });
      if (!read_output()) static_cast<void>(pipe.observe_readable(nullptr));
      printed.clear();
      if (!error && printed_ > most_output) error = boost::asio::error::message_size;
    }
    in_time = !time_limit.expired();
  }
  if (error) {
    kill();
    static_cast<void>(changed.wait(yield, [&] { return ended.readable(); }));
  }
  const auto status = reap();
  if (error) return in_time ? error : boost::asio::error::timed_out;
  return status;
}

// Returns false at the end of the output. Reads at most as much as a pipe holds, so that a child
// that prints without end leaves other coroutines their turn.
bool Child::read_output() {
  std::array<char, kept_output> bytes{};
  for (int turns = 0; turns < 16; ++turns) {
    const ssize_t size = ::read(pipe_.number(), bytes.data(), bytes.size());
    if (size <= 0) return size < 0 && errno == EAGAIN;
    printed_ += static_cast<std::size_t>(size);
    output_.append(bytes.data(), static_cast<std::size_t>(size));
    output_.erase(0, output_.size() - std::min(output_.size(), kept_output));
  }
  return true;
}

// With the processes that it has started. Its number stays its own until it is reaped.
void Child::kill() const {
  ::kill(-pid_, SIGKILL);
}

boost::system::result<int> Child::reap() {
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  pid_ = -1;
  if (reaped < 0) return coro::error_code(errno, boost::system::system_category());
  return status;
}

std::vector<char*> null_terminated(std::vector<std::string>& texts) {
  std::vector<char*> pointers(texts.size() + 1);
  std::ranges::transform(texts, pointers.begin(), [](std::string& text) { return text.data(); });
  return pointers;
}

}  // namespace server
