#include "server/log/message_layout.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>

#include <cstdint>
#include <string>
#include <variant>

#include "program/escape.hpp"
#include "server/log/log_format.hpp"

namespace server {
namespace {

// %*: the priority.
class PriorityFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    out.push_back(priority_of(message.level));
  }

  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<PriorityFlag>();
  }
};

}  // namespace

std::unique_ptr<spdlog::formatter> message_layout(LogFormat format, bool journal) {
  std::string pattern;
  if (format == LogFormat::json)
    pattern = R"({"time":"%Y-%m-%dT%T.%fZ","level":"%l",%v})";
  else
    pattern = journal ? "%v" : "%Y-%m-%dT%T.%fZ %l %v";
  auto layout = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, "\n");
  layout->add_flag<PriorityFlag>('*').set_pattern(journal ? "<%*>" + pattern : pattern);
  return layout;
}

void append_content(spdlog::memory_buf_t& out, const LogAbout& about, std::string_view text,
                    LogFormat format) {
  if (format == LogFormat::text) return program::append_escaped(out, text, {.quoted = false});
  const auto append_string = [&](std::string_view name, std::string_view value) {
    fmt::format_to(fmt::appender(out), R"("{}":")", name);
    program::append_escaped(out, value, {.quoted = false, .json = true});
    out.append(std::string_view("\","));
  };
  append_string("event", about.event);
  const auto append_number = [&](std::string_view name, std::uint64_t value) {
    fmt::format_to(fmt::appender(out), R"("{}":{},)", name, value);
  };
  for (const auto& [name, value] : about.members) {
    if (const auto* number = std::get_if<std::uint64_t>(&value)) append_number(name, *number);
    if (const auto* string = std::get_if<std::string_view>(&value)) append_string(name, *string);
  }
  if (!about.json.empty()) {
    out.append(about.json);
    out.push_back(',');
  }
  append_string("message", text);
  out.resize(out.size() - 1);  // the comma
}

}  // namespace server
