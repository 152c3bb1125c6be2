#include "tests/service/process_status.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/patience.hpp"

namespace service {

namespace {

std::ifstream open(pid_t process, const char* file) {
  std::ifstream stream("/proc/" + std::to_string(process) + "/" + file);
  if (!stream) throw std::runtime_error("the program does not run");
  return stream;
}

// utime + stime.
std::chrono::duration<double> processor_time(pid_t process) {
  std::string line;
  std::ifstream stream = open(process, "stat");
  std::getline(stream, line, ')');  // the name in front may contain anything
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    stream >> skipped;
  double user = 0;
  double system = 0;
  stream >> user >> system;
  return std::chrono::duration<double>((user + system) / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

rlimit limit_of(pid_t process) {
  rlimit limit{};
  if (prlimit(process, RLIMIT_NOFILE, nullptr, &limit) != 0) throw_errno("prlimit");
  return limit;
}

}  // namespace

std::size_t resident_bytes(pid_t process) {
  std::ifstream stream = open(process, "statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  stream >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::vector<std::string> descriptors_kept_on_exec(pid_t process) {
  const std::filesystem::path own = "/proc/" + std::to_string(process);
  std::vector<std::string> kept;
  for (const auto& entry : std::filesystem::directory_iterator(own / "fd")) {
    const std::string number = entry.path().filename();
    std::ifstream information(own / "fdinfo" / number);
    std::string field;
    unsigned flags = 0;
    while (information >> field && field != "flags:") {
    }
    information >> std::oct >> flags;
    if (std::stoi(number) > STDERR_FILENO && (flags & unsigned{O_CLOEXEC}) == 0 &&
        !is_report_of_the_sanitizer(entry.path()))
      kept.push_back(number + ": " + std::filesystem::read_symlink(entry.path()).string());
  }
  return kept;
}

bool wait_for_open_descriptors(pid_t process, std::size_t most) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (open_descriptors(process) > most) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

double processor_share(pid_t process, std::chrono::milliseconds period) {
  const Clock::time_point begin = Clock::now();
  const auto before = processor_time(process);
  std::this_thread::sleep_for(period);
  return (processor_time(process) - before) / (Clock::now() - begin);
}

std::size_t descriptor_limit(pid_t process) {
  return limit_of(process).rlim_cur;
}

void set_descriptor_limit(pid_t process, std::size_t limit) {
  rlimit changed = limit_of(process);
  changed.rlim_cur = limit;
  if (prlimit(process, RLIMIT_NOFILE, &changed, nullptr) != 0) throw_errno("prlimit");
}

}  // namespace service
