#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coro/condition.hpp"
#include "coro/scheduler.hpp"
#include "coro/signals.hpp"
#include "program/histogram.hpp"
#include "server/accept/inherited_sockets.hpp"
#include "server/accept/listeners.hpp"
#include "server/admin/admin.hpp"
#include "server/process/pid_file.hpp"
#include "server/process/service_environment.hpp"
#include "server/process/service_manager.hpp"
#include "server/process/terminal.hpp"
#include "server/session/sessions.hpp"
#include "server/status/status.hpp"
#include "server/tls/identity.hpp"
#include "server/udp/udp_sockets.hpp"
#include "server/upgrade/program.hpp"
#include "server/upgrade/state.hpp"

namespace server {

/// How the service was started, and whom to report to whether it listens.
struct Startup {
  Program program;
  /// The program before this one, in the same process, has stopped here.
  std::optional<State> state = {};
  ServiceEnvironment environment = {};
  InheritedSockets sockets = {};
  Terminal terminal = {};
  std::optional<TlsIdentity> tls = {};
  std::string config_file = {};  // empty: none
  std::optional<PidFile> pid_file = {};
  // One of these is called, once.
  std::function<void()> listens = [] {};
  std::function<void(const std::string& error)> failed = [](const std::string&) {};
};

/// The service, from start to stop, and what signals make it do meanwhile.
class Server {
 public:
  /// Loads the configuration anew, to reload. Throws ConfigError.
  using LoadConfig = std::function<Config()>;

  Server(coro::Scheduler& scheduler, EventLog& log, Config config, LoadConfig load_config,
         Startup startup);
  /// Unwinds all coroutines of the scheduler, since they refer to this.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  /// Serves until a signal stops it. Returns the exit code (sysexits.h): 0 stopped as asked, 69
  /// cannot listen, or not any more, 1 stopped by force, 70 a part of it has failed. Then it may
  /// have coroutines left that did not end in time.
  int run(coro::Yield yield);

  /// To be called when a part that it needs has failed: it stops as by a signal, and returns 70.
  void fail();

 private:
  coro::Task spawn(const char* name, std::function<void(coro::Yield)> body);
  void log_start();
  void log_statistics();
  int serve(coro::Yield yield);
  int drain(coro::Yield yield);
  void stop_opening(coro::Yield yield);
  void handle_signals(coro::Yield yield);
  void handle_signal(int signal);
  void measure_lag(coro::Yield yield);
  Status status() const;
  coro::Scheduler::Counters coroutines() const;
  void provide_descriptors();

  // In reload.cpp
  void open_and_reload(coro::Yield yield);
  void take_next_step(coro::Yield yield);
  bool start(coro::Yield yield);
  void report_failed_start(const std::string& error);
  void reload(coro::Yield yield);
  void report_failed_reload(const std::string& error);
  void use(const std::optional<TlsIdentity>& tls);
  void listen(const Config& config, coro::Yield yield);
  std::vector<int> ceding_sockets(const Admin::Change& admin,
                                  const Listeners::Change& listeners) const;
  void replace_lost_listeners(coro::Yield yield);
  bool listens() const;

  // In upgrade.cpp
  void ask_for_upgrade();
  void upgrade(coro::Yield yield);
  std::string execute_program(coro::Yield yield);
  bool end_tls(coro::Yield yield);
  void end_short_exchanges(coro::Yield yield);
  State state() const;
  void report_failed_upgrade(const std::string& reason);
  void take_over(State state, coro::Yield yield);
  void adopt(State state, coro::Yield yield);

  // A reason of requests that come too late.
  static constexpr const char* service_stops = "the service stops";

  coro::Scheduler& scheduler_;
  EventLog& log_;
  Config config_;
  LoadConfig load_config_;
  Startup startup_;
  Statistics statistics_;
  coro::Condition signalled_;  // or something else that the service waits for has changed
  Sessions sessions_;
  Listeners listeners_;
  UdpSockets udp_;
  program::Histogram lag_;
  History history_;
  Admin admin_;
  ServiceManager manager_;
  std::optional<TlsIdentity> tls_;                // in force; none if tls.port is off
  coro::Scheduler::Counters earlier_coroutines_;  // of the programs before this one
  coro::Task opening_;                            // opens, reloads and upgrades
  bool ready_ = false;
  bool failed_ = false;
  bool deserted_ = false;  // there is nowhere to listen and nobody to serve any more
  coro::Signals signals_;
  int stops_ = 0;  // signals to stop so far: the second one is impatient
  bool reload_asked_ = false;
  bool upgrade_asked_ = false;
};

}  // namespace server
