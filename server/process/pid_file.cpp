#include "server/process/pid_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/system/errc.hpp>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "coro/descriptor.hpp"
#include "server/config/config_error.hpp"
#include "server/process/lock_file.hpp"

namespace server {
namespace {

using coro::Descriptor;

std::string line(const std::filesystem::path& path, const std::string& what) {
  return "pid file '" + escaped(path.string()) + "': " + what;
}

[[noreturn]] void throw_error(const std::filesystem::path& path, int error) {
  throw ConfigError(line(path, std::generic_category().message(error)));
}

constexpr mode_t everybody_reads = 0644;

std::string own_number() {
  return std::to_string(::getpid()) + '\n';
}

// A file that is there already must be the pid file of a process that has ended.
void refuse_running(const std::filesystem::path& path) {
  const Descriptor old(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!old.is_open() && errno == ENOENT) return;
  if (!old.is_open()) throw_error(path, errno);
  const auto number = number_in(old.number());
  if (!number) throw ConfigError(line(path, "is there already, and is no pid file"));
  if (is_locked_for_writing(old.number()))
    throw AlreadyRunning(line(path, "process " + *number + " is running and holds it"));
}

}  // namespace

// There is nothing else in the file.
std::optional<std::string> number_in(int descriptor) {
  std::array<char, 32> bytes{};
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const ssize_t size = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  if (size < 0 || static_cast<std::size_t>(size) == bytes.size()) return std::nullopt;
  std::string_view text(bytes.data(), static_cast<std::size_t>(size));
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

PidFile::PidFile(std::filesystem::path path) : path_(std::move(path)) {
  const auto lock = LockFile::take(path_);
  if (!lock && lock.error() == boost::system::errc::operation_would_block)
    throw AlreadyRunning(line(path_, "another process is just starting with it"));
  if (!lock) throw_error(path_, lock.error().value());
  refuse_running(path_);

  const std::string number = own_number();
  std::string draft = path_.string() + ".XXXXXX";
  file_ = Descriptor(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file_.is_open()) throw_error(path_, errno);
  // For scripts, which can ask for flock(2)'s lock only: flock(1).
  static_cast<void>(::flock(file_.number(), LOCK_EX | LOCK_NB));
  if (lock_for_writing(file_.number()) && ::fchmod(file_.number(), everybody_reads) == 0 &&
      ::write(file_.number(), number.data(), number.size()) ==
          static_cast<ssize_t>(number.size()) &&
      ::rename(draft.c_str(), path_.c_str()) == 0)
    return;
  const int error = errno;
  ::unlink(draft.c_str());
  throw_error(path_, error);
}

PidFile::PidFile(std::filesystem::path path, coro::Descriptor file)
    : path_(std::move(path)), file_(std::move(file)) {}

PidFile PidFile::adopt(std::filesystem::path path, coro::Descriptor file) {
  return {std::move(path), std::move(file)};
}

void PidFile::report_upgraded() const {
  const std::string number = own_number();
  // Without a report, whoever waits for it gives up after a while.
  [[maybe_unused]] const ssize_t written =
      ::pwrite(file_.number(), number.data(), number.size(), 0);
}

void PidFile::report_not_upgraded() const {
  static_cast<void>(::fchmod(file_.number(), everybody_reads));
}

PidFile::~PidFile() {
  if (!file_.is_open()) return;
  const auto there = is_at(path_.c_str(), file_.number());
  if (there && *there) ::unlink(path_.c_str());
}

}  // namespace server
