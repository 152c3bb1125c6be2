// The load of the benchmarks: cheaper than any server, so that the server is the limit. It reads
// commands, a line each, from standard input, and answers each with a line of JSON when it is done
// and nothing is under way:
//
//   open GROUP COUNT                              connects
//   run SECONDS GROUP:SIZE:PIPELINE[:unverified]...   echoes, the groups in order of urgency
//   once GROUP SIZE                               one echo on each connection
//   run SECONDS ... flood:PORT:PER_SECOND         and sends datagrams to another port meanwhile
//   churn SECONDS AT_A_TIME                       connects, echoes 64 bytes, closes, again and
//   again
//   datagrams SECONDS SOCKETS SIZE PIPELINE       echoes over UDP, from sockets of their own
//
//   echo_load PORT
#include <arpa/inet.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/load/churn.hpp"
#include "tests/bench/load/datagrams.hpp"
#include "tests/bench/load/group.hpp"

namespace {

using nlohmann::json;
constexpr load::Time patience = 20'000'000'000;
constexpr std::size_t large = std::size_t{16} << 10U;

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

json report(const load::Traffic& traffic, double seconds) {
  return {{"messages", traffic.messages},
          {"bytes", traffic.messages * traffic.size},
          {"bytes_per_second", static_cast<double>(traffic.bytes_in_time) / seconds},
          {"p50_us", microseconds(traffic.latency.percentile(0.5))},
          {"p99_us", microseconds(traffic.latency.percentile(0.99))},
          {"p99_9_us", microseconds(traffic.latency.percentile(0.999))},
          {"max_us", microseconds(traffic.latency.max())}};
}

class Load {
 public:
  explicit Load(const char* port) {
    server_.sin_family = AF_INET;
    server_.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    server_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }

  json obey(std::istream&& line) {
    std::string command;
    line >> command;
    if (command == "open") return open(line);
    if (command == "run") return run(line);
    if (command == "once") return once(line);
    if (command == "churn") return churn(line);
    if (command == "datagrams") return datagrams(line);
    throw std::runtime_error("what is '" + command + "'?");
  }

 private:
  json open(std::istream& line) {
    std::string name;
    std::size_t count = 0;
    line >> name >> count;
    groups_[name].open(pattern_, server_, count);
    return json::object();
  }

  json run(std::istream& line) {
    double seconds = 0;
    line >> seconds;
    const auto until = load::now() + static_cast<load::Time>(seconds * 1e9);
    std::vector<std::pair<std::string, load::Group*>> active;
    std::optional<load::Flood> flood;
    for (std::string word; line >> word;) {
      if (word.starts_with("flood:")) {
        begin_flood(word, flood);
        continue;
      }
      std::istringstream plan(word);
      std::string name, size, pipeline, unverified;
      std::getline(plan, name, ':');
      std::getline(plan, size, ':');
      std::getline(plan, pipeline, ':');
      std::getline(plan, unverified);
      load::Traffic traffic;
      traffic.size = std::stoul(size);
      traffic.pipeline = std::stoul(pipeline);
      traffic.verify = unverified.empty();
      traffic.counts_until = until;
      active.emplace_back(name, &groups_.at(name));
      active.back().second->plan(std::move(traffic));
    }
    for (const auto& [name, group] : active)
      group->start();
    drive(active, until, flood);
    json groups;
    for (const auto& [name, group] : active)
      groups[name] = report(group->traffic(), seconds);
    if (flood) groups["flood"] = {{"messages", flood->sent()}};
    return groups;
  }

  void begin_flood(const std::string& plan, std::optional<load::Flood>& flood) const {
    std::istringstream words(plan.substr(plan.find(':') + 1));
    std::string port, per_second;
    std::getline(words, port, ':');
    std::getline(words, per_second);
    sockaddr_in target = server_;
    target.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
    flood.emplace(pattern_, target, std::stod(per_second));
  }

  json once(std::istream& line) {
    std::string name;
    load::Traffic traffic;
    line >> name >> traffic.size;
    std::vector<std::pair<std::string, load::Group*>> active{{name, &groups_.at(name)}};
    active[0].second->plan(std::move(traffic));
    active[0].second->start();
    std::optional<load::Flood> none;
    drive(active, load::now(), none);
    return json::object();
  }

  json churn(std::istream& line) {
    double seconds = 0;
    std::size_t at_a_time = 0;
    line >> seconds >> at_a_time;
    load::Churn churn(pattern_, server_, at_a_time);
    const auto until = load::now() + static_cast<load::Time>(seconds * 1e9);
    return {{"churn", report(churn.run(until), seconds)}};
  }

  json datagrams(std::istream& line) {
    double seconds = 0;
    std::size_t sockets = 0;
    load::Traffic traffic;
    line >> seconds >> sockets >> traffic.size >> traffic.pipeline;
    load::Datagrams datagrams(pattern_, server_, sockets, std::move(traffic));
    const auto until = load::now() + static_cast<load::Time>(seconds * 1e9);
    return {{"datagrams", report(datagrams.run(until), seconds)}};
  }

  // Small messages first, and a bulk transfer gets a short turn: the time a ping takes must be the
  // server's, not that of a queue in here.
  static void drive(const std::vector<std::pair<std::string, load::Group*>>& groups,
                    load::Time until, std::optional<load::Flood>& flood) {
    const auto quiet = [&] {
      return std::ranges::all_of(groups, [](const auto& group) { return group.second->quiet(); });
    };
    const auto turn = [&] {
      for (const auto& [name, group] : groups) {
        if (group->traffic().size < large || groups.size() == 1) {
          group->turn();
        } else {
          group->short_turn();
        }
      }
    };
    while (load::now() < until) {
      turn();
      if (flood) flood->turn();
    }
    for (const auto& [name, group] : groups)
      group->stop();
    while (!quiet()) {
      turn();
      if (load::now() > until + patience) throw std::runtime_error("echoes are missing");
    }
  }

  load::Pattern pattern_;
  sockaddr_in server_{};
  std::map<std::string, load::Group> groups_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 64;
  try {
    Load load(arguments[1]);
    for (std::string line; std::getline(std::cin, line);)
      std::cout << load.obey(std::istringstream(line)) << std::endl;
  } catch (const std::exception& failure) {
    std::cout << json{{"failure", failure.what()}} << std::endl;
    return 1;
  }
}
