#include "server/config/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "program/environment.hpp"
#include "server/config/config_error.hpp"
#include "server/config/environment.hpp"
#include "server/config/loader.hpp"
#include "server/config/settings.hpp"

namespace server {
namespace {

// An option that sets a key of the configuration.
struct Overriding {
  const char* option;
  const char* key;
  const char* type;
  const char* description;
};

constexpr std::array<Overriding, 4> overridings = {{
    {"--host", "host", "HOST", "Listen on this name or address; may be given again"},
    {"--port", "port", "PORT", "Listen on this TCP port; 0 takes any free one"},
    {"--log-level", "log.level", "LEVEL", "trace, debug, info, warning, error, critical or off"},
    {"--log-format", "log.format", "FORMAT", "text or json"},
}};

constexpr const char* description =
    "An echo service: every byte a client sends comes back, unchanged (RFC 862).\n"
    "Without options it listens on localhost, TCP port 8888.";

constexpr const char* footer =
    R"(Options beat environment variables, which beat the file, which beats the defaults.
Every key of the file has a variable: limits.idle_timeout is COROECHO_LIMITS_IDLE_TIMEOUT,
a list is separated by commas. COROECHO_CONFIG is the file.

Under systemd: Type=notify with a watchdog, and sockets it is handed, see coroecho(8).

Signals:
  SIGTERM, SIGINT  stop accepting, echo what has been received, then exit;
                   a second one stops at once
  SIGHUP           load the configuration again; a bad one changes nothing
  SIGUSR1          log statistics
  SIGUSR2          reopen the log file
  SIGRTMIN         upgrade: execute the program anew, and keep all connections

Exit codes:
  0   stopped as asked
  1   stopped by force (a second signal, or shutdown.timeout ran out), not well
      (--check-health), not upgraded (--upgrade), or what was asked for cannot be
      printed
  64  wrong options
  69  cannot listen, or the pid file's process is running (--upgrade: is not)
  70  internal error
  78  wrong configuration)";

// CLI11 takes an empty number as none, and an empty path as a file.
std::string refuse_empty(const std::string& value) {
  return value.empty() ? "the value is empty" : "";
}

// By key, the values that the command line gives.
using Given = std::map<std::string, std::vector<std::string>>;

void add_options(CLI::App& app, Options& options, Given& given) {
  app.footer(footer);
  app.set_help_flag("-h,--help", "Print this page and exit");
  app.set_version_flag("-V,--version", "coroecho " COROECHO_VERSION, "Print the version and exit");
  app.add_option("--config", options.config, "Read this configuration file")
      ->type_name("FILE")
      ->check(refuse_empty);
  for (const Overriding& overriding : overridings) {
    CLI::Option* const option =
        app.add_option(overriding.option, given[overriding.key], overriding.description)
            ->type_name(overriding.type)
            ->allow_extra_args(false);
    if (std::string_view(overriding.key) != "host") option->expected(1);
  }
  app.add_flag("--check-config", options.check_config,
               "Print the effective configuration and exit");
  app.add_flag("--check-health", options.check_health,
               "Exit 0 if the service that runs so configured is well");
  app.add_option("--check-upgrade", options.check_upgrade,
                 "Print the version and exit if an upgrade to this program can succeed")
      ->type_name("VERSION")
      ->check(refuse_empty);
  app.add_flag("--daemon", options.daemon,
               "Exit 0 once the service listens in the background (not under systemd)");
  auto* const pidfile =
      app.add_option("--pidfile", options.pidfile, "Write the process's number to this file")
          ->type_name("FILE")
          ->check(refuse_empty);
  app.add_flag("--upgrade", options.upgrade,
               "Exit 0 once the service of the pid file runs its new program")
      ->needs(pidfile);
}

// The text to print instead of serving.
std::optional<std::string> parse(CLI::App& app, int argc, const char* const* argv) try {
  app.parse(argc, argv);
  return std::nullopt;
} catch (const CLI::CallForHelp&) {
  return app.help();
} catch (const CLI::CallForVersion& version) {
  return std::string(version.what()) + '\n';
} catch (const CLI::ParseError& error) {
  const std::string line = escaped(error.what());
  throw UsageError(line.ends_with(' ') ? line + "''" : line);  // an argument that is empty
}

// The value on the command line, else in the environment.
std::optional<Override> override_of(const Setting& setting, const Given& given) {
  const auto* const option = std::ranges::find(overridings, setting.key, &Overriding::key);
  const bool is_given = option != overridings.end() && !given.at(setting.key).empty();
  Override override{.key = setting.key,
                    .values = {},
                    .origin = is_given ? option->option : variable_of(setting.key)};
  for (std::string& text : is_given ? std::vector(given.at(setting.key))
                                    : environment_values(setting.key, setting.is_list))
    override.values.push_back({.text = std::move(text)});
  return override.values.empty() ? std::nullopt : std::optional(std::move(override));
}

void take_overrides(Options& options, const Given& given) try {
  Config unused;
  std::vector<std::string> keys;
  for (const Setting& setting : settings(unused)) {
    keys.push_back(setting.key);
    if (auto override = override_of(setting, given)) {
      setting.read(override->values, override->origin);
      options.overrides.push_back(std::move(*override));
    }
  }
  options.warnings = ignored_variables(keys);
} catch (const ConfigError& error) {
  throw UsageError(error.what());
}

// The directory may be gone, and then nothing is found relative to it.
std::filesystem::path absolute(const std::filesystem::path& directory, const std::string& path,
                               const std::string& origin) {
  if (!directory.empty() || path.starts_with('/')) return directory / path;
  throw ConfigError(origin + ": the current directory is gone, expected an absolute path");
}

// A daemon leaves the directory that it was started in.
void remember_directory(Options& options) try {
  std::error_code gone;
  options.directory = std::filesystem::current_path(gone);
  if (options.config) options.config = absolute(options.directory, *options.config, "--config");
  if (options.pidfile) options.pidfile = absolute(options.directory, *options.pidfile, "--pidfile");
} catch (const ConfigError& error) {
  throw UsageError(error.what());
}

void make_paths_absolute(Config& config, const std::filesystem::path& directory) {
  for (const auto& [key, path] : std::initializer_list<std::pair<const char*, std::string*>>{
           {"log.file", &config.log.file},
           {"unix.path", &config.unix_socket.path},
           {"tls.certificate", &config.tls.certificate},
           {"tls.key", &config.tls.key},
           {"tls.client_ca", &config.tls.client_ca}})
    if (!path->empty()) *path = absolute(directory, *path, config.origins.where(key));
  if (config.unix_socket.path.size() > UnixSocketConfig::longest_path) {
    throw ConfigError(fmt::format("{}: is longer than {} bytes as '{}'",
                                  config.origins.where("unix.path"), UnixSocketConfig::longest_path,
                                  escaped(config.unix_socket.path)));
  }
}

}  // namespace

Options parse_options(int argc, const char* const* argv) {
  Options options;
  Given given;
  CLI::App app(description, "coroecho");
  add_options(app, options, given);
  options.answer = parse(app, argc, argv);
  if (options.answer) return options;
  if (!options.config) options.config = program::environment("COROECHO_CONFIG");
  take_overrides(options, given);
  if (options.daemon) remember_directory(options);
  return options;
}

Config effective_config(const Options& options) {
  Config config = options.config ? load_config(*options.config) : Config();
  const std::vector<Setting> known = settings(config);
  for (const auto& [key, values, origin] : options.overrides) {
    std::ranges::find(known, key, &Setting::key)->read(values, origin);
    config.origins.set(key, origin);
  }
  if (options.daemon) make_paths_absolute(config, options.directory);
  return config;
}

}  // namespace server
