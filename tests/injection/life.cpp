#include "tests/injection/life.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "tests/injection/client.hpp"
#include "tests/service/patience.hpp"

namespace injection {
namespace {

using std::chrono::milliseconds;

// How long to wait for events that must happen, and for those that may.
constexpr milliseconds surely{60'000};
constexpr milliseconds perhaps{250};
// An idle service makes fewer system calls, and takes less processor time, in `quiet_time`.
constexpr milliseconds quiet_time{30};
constexpr std::uint64_t quiet_calls = 60;
constexpr milliseconds quiet_processor{20};

const std::string small = "hello";
const std::string bulk(std::size_t{3} * 1024 * 1024, 'x');

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++found)
    at += part.size();
  return found;
}

// Of all threads, by the kernel's clock.
milliseconds processor_time(pid_t program) {
  std::ifstream file("/proc/" + std::to_string(program) + "/schedstat");
  std::int64_t nanoseconds = 0;
  file >> nanoseconds;
  return std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(nanoseconds));
}

// Of this process; also those that a child has left behind, and those that have ended.
std::vector<pid_t> children() {
  std::ifstream list("/proc/self/task/" + std::to_string(getpid()) + "/children");
  std::vector<pid_t> all;
  for (pid_t child = 0; list >> child;) {
    if (child > 1) all.push_back(child);
  }
  return all;
}

// As Process::wait() returns it; the program has ended.
int exit_code_of(pid_t program) {
  int status = 0;
  if (waitpid(program, &status, 0) != program) service::throw_errno("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string to_string(Phase phase) {
  constexpr std::array names = {"start", "serve", "reload", "upgrade", "stop"};
  return names.at(static_cast<std::size_t>(phase));
}

std::string to_string(const Point& point) {
  const std::string error =
      point.error == 0 ? "" : std::string(" with ") + strerrorname_np(point.error);
  return name_of(point.call) + " " + std::to_string(point.occurrence) +
         (point.for_good ? " and later" : "") + error + ", " + to_string(point.phase);
}

Life::Life(const Point& point, Kind kind) : point_(point), kind_(kind) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // a daemon's end is reported to the test
  stage_.control().traps_system_calls = kind.system_calls;
  stage_.configure("0x7f000002", kind.daemon ? "log" : "");
  begin(Phase::start);
  process_.emplace(stage_.command(kind.daemon ? std::vector<std::string>{"--daemon"}
                                              : std::vector<std::string>()));
  pid_ = process_->pid();
  if (!kind.system_calls) return;
  system_calls_.emplace(pid_, stage_.control());
  begin(Phase::start);
}

Life::~Life() {
  for (const pid_t child : children())
    kill(child, SIGKILL);  // a daemon that is left over holds the output
  process_.reset();
  while (waitpid(-1, nullptr, 0) > 0) {
  }
}

bool Life::failed() const {
  return stage_.control().failed > 0 || (system_calls_ && system_calls_->failed() > 0);
}

// The phase that was is over.
void Life::begin(Phase phase) {
  if (phase_) {
    const Control& control = stage_.control();
    Calls& calls = calls_[*phase_];
    calls.counts = system_calls_ ? system_calls_->counts() : std::map<int, std::uint64_t>();
    calls.counts[allocation] = control.allocations;
    const std::size_t loadings = std::min(control.loading.size(), control.loadings.load());
    calls.loadings.assign(control.loading.begin(), control.loading.begin() + loadings);
  }
  stage_.control().loadings = 0;
  phase_ = phase;
  const bool now = point_.phase == phase && point_.occurrence != 0;
  if (system_calls_) {
    system_calls_->begin_phase(
        now ? FailingCall{point_.call, point_.occurrence, point_.for_good, point_.error}
            : FailingCall{});
  } else if (now && point_.call == allocation) {
    stage_.control().for_good = point_.for_good;
    stage_.control().allocations = 0;
    stage_.control().failing = point_.occurrence;
  } else if (!(stage_.control().for_good && stage_.control().failed > 0)) {
    stage_.control().failing = 0;
    stage_.control().allocations = 0;
  }
}

std::string Life::go() {
  // Steps that have nothing to do with the point take time.
  const bool reloads = point_.phase == Phase::reload;
  const bool upgrades = point_.phase == Phase::upgrade;
  for (const auto& [step, wanted] :
       {std::pair{&Life::start, true}, std::pair{&Life::serve, !reloads && !upgrades},
        std::pair{&Life::reload, !upgrades}, std::pair{&Life::upgrade, upgrades},
        std::pair{&Life::stop, true}}) {
    if (wanted) (this->*step)();
    if (!wrong_.empty()) return wrong_;
    if (ended()) break;
  }
  judge_end();
  return wrong_;
}

void Life::start() {
  if (kind_.daemon) return start_daemon();
  if (!wait_until([this] { return is_ready(); }, surely) && !ended()) {
    wrong("neither listens nor ends");
  }
}

// The process that was started ends when the daemon serves, or has ended.
void Life::start_daemon() {
  if (!wait_until([] { return false; }, surely) && !ended()) return wrong("the start does not end");
  if (process_->wait() != 0) return;
  // By the pid file it would be whatever a fault has left there.
  const std::vector<pid_t> left = children();
  if (left.empty()) return wrong("exit code 0 without a daemon");
  pid_ = left.front();
}

void Life::serve() {
  begin(Phase::serve);
  const milliseconds limit = point_.for_good && hurt(Phase::serve) ? perhaps : surely;
  // Whoever meets the fault may suffer from it.
  const auto echo = port("listening on 127.0.0.1:");
  static_cast<void>(echoes(Client(echo, limit), small));
  static_cast<void>(echoes(Client(echo, limit), bulk));
  static_cast<void>(echoes(Client(stage_.path("echo"), limit), small));
  static_cast<void>(returns(port("listening on udp 127.0.0.1:"), small, perhaps));
  static_cast<void>(Client(port("admin on http://127.0.0.1:"), limit)
                        .exchange("GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                  std::size_t{1} << 20));
  signal(SIGUSR2);
  signal(SIGUSR1);
  wait_until([this] { return count(text(), "statistics: ") + count(text(), "signal ") > 0; },
             limit);
  expect_served();
  expect_quiet();
}

void Life::reload() {
  begin(Phase::reload);
  const bool for_good = point_.for_good && hurt(Phase::reload);
  const auto tried = [this] {
    return count(text(), "not reloaded: ") + count(text(), ": reloaded") +
           count(text(), " reloaded\n");
  };
  stage_.configure("0x7f000003", "log");
  signal(SIGHUP);
  const bool answered = wait_until([&] { return tried() > 0; }, for_good ? perhaps : surely);
  if (ended() || for_good) return expect_quiet();
  if (!answered) return wrong("a reload is not answered");
  if (count(text(), " reloaded\n") == 0) {
    signal(SIGHUP);
    if (!wait_until([&] { return count(text(), " reloaded\n") > 0; }, surely) && !ended())
      return wrong("the reload after the one that failed does not succeed");
  }
  expect_served();
  expect_quiet();
}

// Either there is a new program with all clients, or the old one goes on. Once execve(2) has
// succeeded there is no old one, and what a start needs the new program needs too.
void Life::upgrade() {
  const auto line = [this](const char* part) { return count(text(), part); };
  const auto succeeded = [&] { return line(" upgraded to coroecho "); };
  const auto answered = [&] { return succeeded() + line("not upgraded: ") > 0; };
  std::optional<Client> client(std::in_place, port("listening on 127.0.0.1:"), surely);
  static_cast<void>(client->exchange(small, small.size()));
  begin(Phase::upgrade);
  signal(SIGRTMIN);
  const bool mute = point_.for_good && hurt(Phase::upgrade);
  if (!wait_until(answered, mute ? perhaps : surely) && !mute && !ended())
    return wrong("an upgrade is not answered");
  if (ended()) return;
  // A fault that comes later is met by the client itself.
  const bool stops = line("the scheduler failed") > 0;
  const bool harmless = failed() && !point_.for_good && !stops &&
                        !(system_calls_ && system_calls_->failed_after_execution());
  if (client->exchange(small, small.size()) != small && harmless && !ended())
    return wrong("a client is lost");
  client.reset();  // a service that has to end does so at once
  if (!mute && succeeded() == 0) {
    signal(SIGRTMIN);
    if (!wait_until([&] { return succeeded() > 0; }, surely) && !ended())
      return wrong("the upgrade after the one that failed does not succeed");
  }
  expect_served();
  expect_quiet();
}

void Life::stop() {
  const milliseconds limit = point_.for_good ? perhaps : surely;
  std::optional<Client> idle(std::in_place, port("listening on 127.0.0.1:"), limit);
  static_cast<void>(idle->exchange(small, small.size()));
  begin(Phase::stop);
  if (ended()) return;
  asked_to_stop_ = true;
  signal(SIGTERM);
  static_cast<void>(idle->exchange("", 1));  // up to its FIN
  idle.reset();
  const auto ask_again = [this] {
    constexpr int often = 10'000;
    for (int times = 0; kind_.impatient && times < often && !ended(); ++times)
      signal(SIGTERM);
    return false;
  };
  if (!wait_until(ask_again, surely) && !ended()) wrong("does not stop on SIGTERM");
  begin(Phase::stop);
}

// The next client after those that meet the fault is served, unless the service has ended or is
// hurt for good.
void Life::expect_served() {
  if (ended() || (point_.for_good && hurt(*phase_))) return;
  const auto served = [this] {
    const auto echo = port("listening on 127.0.0.1:");
    const auto udp = port("listening on udp 127.0.0.1:");
    return echoes(Client(stage_.path("echo"), surely), small) &&
           (echo == 0 || echoes(Client(echo, surely), small)) &&
           (udp == 0 || returns(udp, small, surely));
  };
  if (served() || served()) return;
  // A socket that could not be taken over is opened anew, which takes a moment.
  if (*phase_ == Phase::upgrade && wait_until(served, perhaps)) return;
  // One that is about to end does so, also on a machine that is busy.
  const bool stops = count(text(), "the scheduler failed") > 0;
  if (!wait_until([] { return false; }, stops ? surely : perhaps) && !ended())
    wrong("does not serve the next client");
}

void Life::expect_quiet() {
  const auto is_quiet = [this] {
    const auto calls = activity();
    const auto time = processor_time(pid_);
    std::this_thread::sleep_for(quiet_time);
    return activity() - calls < quiet_calls && processor_time(pid_) - time < quiet_processor;
  };
  for (int attempts = 8; !ended() && !is_quiet();) {
    if (--attempts == 0) return wrong("spins");
  }
}

void Life::judge_end() {
  exit_code_ = pid_ == process_->pid() ? process_->wait() : exit_code_of(pid_);
  static_cast<void>(process_->output().wait_for_end());
  static_cast<void>(process_->errors().wait_for_end());
  const std::string all = text();
  if (exit_code_ > 128) return wrong("ended by signal " + std::to_string(exit_code_ - 128));
  if (exit_code_ == 0) {
    if (!asked_to_stop_) wrong("ended with 0 and was not asked to");
    return;
  }
  constexpr std::array documented = {1, 64, 69, 70, 78};
  if (std::ranges::find(documented, exit_code_) == documented.end())
    return wrong("exit code " + std::to_string(exit_code_));
  const bool explained = !process_->errors().text().empty() || count(all, "error") > 0 ||
                         count(all, "critical") > 0 || count(all, "by force") > 0;
  const bool mute = point_.for_good && point_.call == SYS_write;
  if (!explained && !mute) wrong("exit code " + std::to_string(exit_code_) + " without a word");
}

// Whether the point fails, or has failed, in this phase or before.
bool Life::hurt(Phase phase) const {
  return point_.occurrence != 0 && point_.phase <= phase;
}

void Life::signal(int number) const {
  if (pid_ <= 1) throw std::logic_error("no process to signal");
  kill(pid_, number);
}

bool Life::ended() const {
  if (pid_ == process_->pid() && !process_->running()) return true;
  siginfo_t information{};
  return waitid(P_PID, static_cast<id_t>(pid_), &information, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         information.si_pid != 0;
}

bool Life::is_ready() {
  if (count(stage_.told(), "READY=1") > 0 && point_.for_good) return true;
  return count(text(), "listening on ") >= 5 && count(text(), "admin on ") == 1;
}

// Also ends when the service does.
template <typename Condition>
bool Life::wait_until(Condition condition, milliseconds limit) const {
  const auto deadline = service::Clock::now() + limit;
  while (!ended()) {
    if (condition()) return true;
    if (service::Clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return condition();
}

std::uint64_t Life::activity() const {
  std::uint64_t calls = 0;
  if (system_calls_) {
    for (const auto& [call, number] : system_calls_->counts())
      calls += number;
  }
  return calls;
}

std::uint16_t Life::port(const std::string& before) const {
  const std::string all = text();
  const std::string line = " info " + before;  // the last one: it may have opened a socket anew
  const std::size_t at = all.rfind(line);
  return at == std::string::npos
             ? std::uint16_t{0}
             : static_cast<std::uint16_t>(std::stoi(all.substr(at + line.size())));
}

std::string Life::text() const {
  return process_->output().text() + stage_.content("log") + process_->errors().text();
}

void Life::wrong(const std::string& what) {
  constexpr std::size_t shown = 6000;
  const std::string all = text();
  if (wrong_.empty()) {
    wrong_ = to_string(point_) + ": " + what + "\n" +
             all.substr(all.size() - std::min(all.size(), shown));
  }
}

}  // namespace injection
