#include "server/pid_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "coro/descriptor.hpp"
#include "server/config_error.hpp"

namespace server {
namespace {

using coro::Descriptor;

// Gives up a file's name at the end of the scope, if it has that name still.
class TemporaryName {
 public:
  explicit TemporaryName(const std::string& name) : name_(name) {}
  ~TemporaryName() { ::unlink(name_.c_str()); }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  TemporaryName(TemporaryName&&) = delete;
  TemporaryName& operator=(TemporaryName&&) = delete;

 private:
  const std::string& name_;
};

std::string line(const std::filesystem::path& path, const std::string& what) {
  return "pid file '" + escaped(path.string()) + "': " + what;
}

[[noreturn]] void throw_error(const std::filesystem::path& path, int error) {
  throw ConfigError(line(path, std::generic_category().message(error)));
}

bool lock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

// Whether the path leads to the open file.
bool is_at(const std::filesystem::path& path, int descriptor) {
  struct stat there {};
  struct stat open {};
  return ::lstat(path.c_str(), &there) == 0 && ::fstat(descriptor, &open) == 0 &&
         there.st_dev == open.st_dev && there.st_ino == open.st_ino;
}

// What the file says, if it says nothing but the number of a process; "" if it is empty.
std::optional<std::string> read_number(int descriptor) {
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

// Gives the file at `draft` the name `path`, unless a process that lives, or something that is no
// pid file, is there.
void publish(const std::string& draft, const std::filesystem::path& path) {
  for (;;) {
    if (::link(draft.c_str(), path.c_str()) == 0) return;
    if (errno != EEXIST) throw_error(path, errno);

    const Descriptor old(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!old.is_open() && errno == ENOENT) continue;
    if (!old.is_open()) throw_error(path, errno);
    const auto number = read_number(old.number());
    if (!number) throw ConfigError(line(path, "is there already, and is no pid file"));
    if (!lock(old.number())) {
      throw AlreadyRunning(line(path, "process " + *number + " is running and holds it"));
    }
    // The lock is on the file; the name may lead to a new one by now.
    if (!is_at(path, old.number())) continue;
    if (::rename(draft.c_str(), path.c_str()) != 0) throw_error(path, errno);
    return;
  }
}

}  // namespace

PidFile::PidFile(std::filesystem::path path) : path_(std::move(path)) {
  std::string draft = path_.string() + ".XXXXXX";
  file_ = Descriptor(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file_.is_open()) throw_error(path_, errno);
  const TemporaryName temporary(draft);
  const std::string number = std::to_string(::getpid()) + '\n';
  if (!lock(file_.number()) || ::fchmod(file_.number(), 0644) != 0 ||
      ::write(file_.number(), number.data(), number.size()) !=
          static_cast<ssize_t>(number.size())) {
    throw_error(path_, errno);
  }
  publish(draft, path_);
}

PidFile::~PidFile() {
  if (file_.is_open() && is_at(path_, file_.number())) ::unlink(path_.c_str());
}

}  // namespace server
