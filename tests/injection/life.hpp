#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/injection/stage.hpp"
#include "tests/injection/system_calls.hpp"
#include "tests/service/process.hpp"

namespace injection {

enum class Phase { start, serve, reload, upgrade, stop };
inline constexpr std::array all_phases = {Phase::start, Phase::serve, Phase::reload, Phase::upgrade,
                                          Phase::stop};
std::string to_string(Phase phase);

// The call that fails, and when: the occurrence is counted from the beginning of the phase.
struct Point {
  Phase phase = Phase::start;
  int call = allocation;
  std::uint64_t occurrence = 0;  // 0 = nothing fails
  bool for_good = false;
  int error = 0;
};
std::string to_string(const Point& point);

// A life counts one kind of calls, of which one fails, and its service may be a daemon.
struct Kind {
  bool system_calls = true;  // or allocations
  bool daemon = false;
  bool impatient = false;  // SIGTERM comes again and again until the service has ended
};

// The calls of a phase.
struct Calls {
  std::map<int, std::uint64_t> counts;  // how often each occurs
  std::vector<Loading> loadings;        // among the allocations
};

// One life of the service, in which one point fails: it starts, serves clients, reloads and stops.
// If the point is at a reload, it serves none before; if at an upgrade, it executes itself anew
// instead of both.
class Life {
 public:
  Life(const Point& point, Kind kind);
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  ~Life();

  // Lives it to the end. Returns the fault in one line, with the service's output; empty if there
  // was none.
  std::string go();

  const std::map<Phase, Calls>& calls() const { return calls_; }
  // Whether the point was reached.
  bool failed() const;
  int exit_code() const { return exit_code_; }
  // All that the service has written.
  std::string text() const;

 private:
  void begin(Phase phase);
  void start();
  void start_daemon();
  void serve();
  void reload();
  void upgrade();
  void stop();
  void expect_served();
  void expect_quiet();
  void judge_end();

  void signal(int number) const;
  bool hurt(Phase phase) const;
  bool ended() const;
  bool is_ready();
  template <typename Condition>
  bool wait_until(Condition condition, std::chrono::milliseconds limit) const;
  std::uint64_t activity() const;
  std::uint16_t port(const std::string& before) const;
  void wrong(const std::string& what);

  Point point_;
  Kind kind_;
  Stage stage_;
  std::optional<SystemCalls> system_calls_;  // answers to the program, so outlives it
  std::optional<service::Process> process_;
  pid_t pid_ = 0;  // of the service: of the process, or of the daemon that it has left
  std::map<Phase, Calls> calls_;
  std::optional<Phase> phase_;
  bool asked_to_stop_ = false;
  int exit_code_ = -1;
  std::string wrong_;
};

}  // namespace injection
