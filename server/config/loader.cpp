#include "server/config/loader.hpp"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "server/config/nearest_key.hpp"
#include "server/config/settings.hpp"
#include "server/config/yaml_reader.hpp"

namespace server {

namespace {

constexpr std::size_t largest_file = 1024 * 1024;

std::string read_file(const std::filesystem::path& file) {
  const auto fail = [&](const std::string& reason) {
    throw ConfigError(place(file.string(), 0) + ": " + reason);
  };
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    fail("cannot be read: " +
         (error ? error : std::make_error_code(std::errc::no_such_file_or_directory)).message());
  }
  // A named pipe or a terminal could make a running service wait for its writer.
  const bool is_nothing = std::filesystem::canonical(file, error) == "/dev/null";
  if (!std::filesystem::is_regular_file(status) && !is_nothing)
    fail(std::filesystem::is_directory(status) ? "is a directory" : "is not a regular file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail("cannot be read: " + std::generic_category().message(errno));
  std::string text(largest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) fail("cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

std::string section_of(const std::string& key) {
  return key.substr(0, key.find('.'));
}

bool is_section(const std::string& key, const std::vector<Setting>& known) {
  return std::ranges::any_of(
      known, [&](const Setting& setting) { return setting.key.starts_with(key + '.'); });
}

std::string unknown_key(const std::string& key, const std::vector<Setting>& known) {
  std::vector<std::string> candidates;
  for (const Setting& setting : known) {
    candidates.push_back(setting.key);
    candidates.push_back(section_of(setting.key));
  }
  const auto nearest = nearest_key(key, candidates);
  return nearest ? "is unknown, did you mean '" + *nearest + "'" : "is unknown";
}

void accept(const Entry& entry, const std::vector<Setting>& known, const std::string& origin) {
  using Kind = Entry::Kind;
  const auto refuse = [&](const std::string& why) { throw ConfigError(origin + ": " + why); };
  const auto setting = std::ranges::find(known, entry.key, &Setting::key);
  if (setting == known.end()) {
    if (!is_section(entry.key, known)) refuse(unknown_key(entry.key, known));
    if (entry.kind == Kind::scalar || entry.kind == Kind::list)
      refuse("is a section, expected keys below it");
    return;
  }
  const std::string expected = ", expected " + setting->expected;
  if (entry.kind == Kind::nothing)
    refuse("has no value" + expected + " (leave the key out for its default)");
  if (entry.kind == Kind::section) refuse("found a section" + expected);
  if (entry.kind == Kind::list && !setting->is_list) refuse("found a list" + expected);
  setting->read(entry.values, origin);
}

void write(YAML::Emitter& out, const Value& value) {
  if (value.quoted) out << YAML::DoubleQuoted;
  out << value.text;
}

void write(YAML::Emitter& out, const Setting& setting) {
  const std::size_t dot = setting.key.find('.');
  out << YAML::Key << (dot == std::string::npos ? setting.key : setting.key.substr(dot + 1))
      << YAML::Value;
  const std::vector<Value> values = setting.write();
  if (!setting.is_list) {
    write(out, values.front());
    return;
  }
  out << YAML::Flow << YAML::BeginSeq;
  for (const Value& value : values)
    write(out, value);
  out << YAML::EndSeq;
}

}  // namespace

Config load_config(const std::filesystem::path& file) {
  return parse_config(read_file(file), file.string());
}

Config parse_config(std::string_view yaml, const std::string& name) {
  if (yaml.size() > largest_file) throw ConfigError(place(name, 0) + ": is larger than 1 MiB");
  Config config;
  const std::vector<Setting> known = settings(config);
  for (Entry& entry : read_yaml(yaml, name)) {
    if (entry.key == "unix" && entry.kind == Entry::Kind::scalar) entry.key = "unix.path";
    const std::string origin = place(name, entry.line, entry.key);
    accept(entry, known, origin);
    config.origins.set(entry.key, origin);
  }
  return config;
}

std::string to_yaml(const Config& config) {
  Config copy = config;
  YAML::Emitter out;
  out << YAML::BeginMap;
  std::string open_section;
  for (const Setting& setting : settings(copy)) {
    const bool in_section = setting.key.find('.') != std::string::npos;
    const std::string section = in_section ? section_of(setting.key) : "";
    if (section != open_section) {
      if (!open_section.empty()) out << YAML::EndMap;
      if (in_section) out << YAML::Key << section << YAML::Value << YAML::BeginMap;
      open_section = section;
    }
    write(out, setting);
  }
  out << YAML::EndMap << YAML::EndMap;
  return std::string(out.c_str()) + '\n';
}

}  // namespace server
