#include "client/figures/plot.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "client/figures/bench_report.hpp"
#include "client/figures/histogram_chart.hpp"
#include "client/figures/svg.hpp"
#include "client/figures/ticks.hpp"
#include "client/output/units.hpp"

namespace client {
namespace {

// On a phone a picture of this width still has letters that can be read.
constexpr double width = 480;
constexpr double margin = 16;
constexpr double line_height = 18;
constexpr std::size_t line_columns = 62;
constexpr std::size_t bars = 50;
constexpr std::size_t most_ticks = 6;

Area area_below(double y, double height) {
  return {62, y, width - margin, y + height};
}

std::string heading(double y, std::string_view text) {
  return svg_text(margin, y, "heading", text);
}

// ---- the latency

// Logarithmic: each bar spans the same factor. It spans a factor of two at least, for a bar is not
// narrower than a bucket of the histogram.
struct LatencyScale {
  std::chrono::nanoseconds from;
  std::chrono::nanoseconds to;

  explicit LatencyScale(const program::Histogram& latency) {
    const double first = std::max(static_cast<double>(latency.min().count()), 1.0);
    const double last = static_cast<double>(latency.max().count()) + 1;
    const double more = std::sqrt(std::max(2 * first / last, 1.0));
    from = std::chrono::nanoseconds(std::max(std::llround(first / more), 1LL));
    to = std::chrono::nanoseconds(std::llround(std::ceil(last * more)));
  }

  double share(double nanoseconds) const {
    const auto first = static_cast<double>(from.count());
    return std::log(std::max(nanoseconds, first) / first) /
           std::log(static_cast<double>(to.count()) / first);
  }
};

std::string histogram_bars(const Area& area, const std::vector<ChartBar>& chart, double top) {
  const double step = 1.0 / static_cast<double>(chart.size());
  std::string svg;
  for (std::size_t i = 0; i < chart.size(); ++i) {
    if (chart[i].count == 0) continue;
    const double y = area.y(static_cast<double>(chart[i].count) / top);
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">"
        "<title>{} to {}: {}</title></rect>\n",
        area.x(static_cast<double>(i) * step), y, (area.right - area.left) * step - 1,
        area.bottom - y, milliseconds_text(chart[i].from), time_text(chart[i].to), chart[i].count);
  }
  return svg;
}

constexpr std::array<std::pair<const char*, double>, 5> percentiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}}};

// Above the bars, the first the lowest, each to the left of its line unless there is no room: so a
// label crosses no bar and no other label.
std::string percentile_marks(const Area& area, const program::Histogram& latency,
                             const LatencyScale& scale) {
  constexpr double widest_label = 120;
  std::string lines;
  std::string labels;
  double y = area.top;
  for (const auto& [name, share] : percentiles) {
    y -= line_height;
    const auto time = latency.percentile(share);
    const double x = area.x(scale.share(static_cast<double>(time.count())));
    const bool is_left = x > widest_label;
    lines += svg_line(x, y - line_height / 2, x, area.bottom, "mark");
    labels += svg_text(is_left ? x - 4 : x + 4, y, is_left ? "end over" : "over",
                       fmt::format("{} {}", name, time_text(time)));
  }
  return lines + labels;
}

std::string latency_diagram(const Area& area, const program::Histogram& latency) {
  if (latency.empty()) {
    return horizontal_tick(area, 0, "0") +
           svg_text(area.x(0.5), area.y(0.5), "middle", "no echoes") +
           axis_names(area, "latency", "echoes");
  }
  const LatencyScale scale(latency);
  const auto chart = chart_bars(latency, bars, scale.from, scale.to);
  const auto most = std::ranges::max(chart, {}, &ChartBar::count).count;
  const auto counts = ticks_from_zero(static_cast<double>(most), most_ticks, 1);
  std::string svg;
  for (const double count : counts)
    svg += horizontal_tick(area, count / counts.back(), count_label(count));
  svg += histogram_bars(area, chart, counts.back()) + percentile_marks(area, latency, scale);
  const auto from = static_cast<double>(scale.from.count());
  for (const double time :
       logarithmic_ticks(from, static_cast<double>(scale.to.count()), most_ticks))
    svg += vertical_tick(area, scale.share(time), time_label(time));
  return svg + axis_names(area, "latency, on a logarithmic scale", "echoes");
}

// ---- the rate

struct TimeUnit {
  double seconds;
  const char* name;
};

TimeUnit unit_for(double seconds) {
  constexpr double minute = 60;
  constexpr double hour = 60 * minute;
  if (seconds <= 2 * minute) return {1, "s"};
  return seconds <= 2 * hour ? TimeUnit{minute, "min"} : TimeUnit{hour, "h"};
}

// Each sample is the rate since the one before.
std::string rate_line(const Area& area, const std::vector<RateSample>& rates, double end,
                      double top) {
  const auto point = [&](double at, const RateSample& sample) {
    return fmt::format("{:.1f},{:.1f} ", area.x(at / end),
                       area.y(sample.messages_per_second / top));
  };
  auto points = point(0, rates.front());
  for (const auto& sample : rates)
    points += point(seconds(sample.at), sample);
  return fmt::format("<polyline class=\"rate\" points=\"{}\"/>\n", points);
}

std::string rate_diagram(const Area& area, const BenchOutcome& outcome) {
  const auto& rates = outcome.rates;
  auto svg = axis_names(area, "time", "echoes/s");
  if (rates.empty()) return svg + horizontal_tick(area, 0, "0");
  const auto highest =
      std::ranges::max(rates, {}, &RateSample::messages_per_second).messages_per_second;
  const auto levels = ticks_from_zero(highest, most_ticks);
  for (const double level : levels)
    svg += horizontal_tick(area, level / levels.back(), count_label(level));
  const double whole = seconds(std::max(outcome.elapsed, rates.back().at));
  svg += rate_line(area, rates, whole, levels.back());
  const auto unit = unit_for(whole);
  const double end = whole / unit.seconds;
  for (const double time : round_ticks(0, end, most_ticks))
    svg += vertical_tick(area, time / end, fmt::format("{:.6g} {}", time, unit.name));
  return svg;
}

// ---- the page

std::string title_text(const Options& options) {
  return fmt::format("{} {}{}", options.target.name(), title_of(options),
                     options.target.tls ? " over TLS" : "");
}

std::vector<std::string> caption(const Options& options, const BenchOutcome& outcome) {
  const auto& results = outcome.results;
  auto when = fmt::format("{:%Y-%m-%d %H:%M:%S} UTC, coroecho-client " COROECHO_VERSION,
                          fmt::gmtime(std::chrono::system_clock::to_time_t(outcome.start)));
  if (outcome.interrupted)
    when += fmt::format(", interrupted after {:.3g} s", seconds(outcome.elapsed));
  return {settings_text(options),
          fmt::format("{} echo{}, {:.0f}/s, {}/s each way, failures: {}", results.messages,
                      results.messages == 1 ? "" : "es", outcome.messages_per_second(),
                      bytes_text(outcome.bytes_per_second()), failures_text(results)),
          when};
}

std::vector<std::string> wrapped(std::string_view text) {
  std::vector<std::string> lines;
  while (text.size() > line_columns) {
    const auto comma = text.rfind(", ", line_columns - 1);
    if (comma == std::string_view::npos) break;
    lines.emplace_back(text.substr(0, comma + 1));
    text.remove_prefix(comma + 2);
  }
  lines.emplace_back(text);
  return lines;
}

// A name of up to 253 characters is squeezed, for it must not be cut.
std::string title_line(double y, std::string_view title) {
  constexpr std::size_t columns = 42;
  const auto squeezed = title.size() <= columns
                            ? std::string()
                            : fmt::format(R"( textLength="{:.0f}" lengthAdjust="spacingAndGlyphs")",
                                          width - 2 * margin);
  return fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\"{}>{}</text>\n", margin, y, squeezed,
                     xml(title));
}

// The background is also that of a browser's window around the picture. A phone lays it out on a
// wider page, which it fills.
const char* const style =
    "<style>:root{background:#fff;max-width:100%;height:auto}.page{fill:#fff}"
    "@media(orientation:portrait){:root{min-width:100%}}\n"
    "text{font:13px system-ui,sans-serif;fill:#334}"
    ".title{font-size:17px;font-weight:bold}.heading{font-size:14px;font-weight:bold}"
    ".name{fill:#667}.middle{text-anchor:middle}.end{text-anchor:end}"
    ".over{paint-order:stroke;stroke:#fff;stroke-width:4px}"
    ".axis{stroke:#778}.grid{stroke:#dde}.bar{fill:#4a7bb5}"
    ".mark{stroke:#c0504d;stroke-dasharray:3 3}"
    ".rate{fill:none;stroke:#4a7bb5;stroke-width:1.5}\n"
    "@media(prefers-color-scheme:dark){:root{background:#181a20}.page{fill:#181a20}"
    "text{fill:#dde}.name{fill:#aab}.over{stroke:#181a20}.axis{stroke:#99a}.grid{stroke:#333742}"
    ".bar{fill:#6a9bd8}.mark{stroke:#f08a80}.rate{stroke:#6a9bd8}}</style>\n";

}  // namespace

std::string bench_svg(const Options& options, const BenchOutcome& outcome) {
  double y = 30;
  auto body = title_line(y, title_text(options));
  y += 4;
  for (const auto& paragraph : caption(options, outcome))
    for (const auto& row : wrapped(paragraph))
      body += svg_text(margin, y += line_height, "", row);
  body += heading(y += 32, "Latency");
  const auto latency = area_below(y + line_height * percentiles.size() + 12, 190);
  body += latency_diagram(latency, outcome.results.latency);
  y = latency.bottom + 74;
  body += heading(y, "Rate");
  const auto rate = area_below(y + 16, 140);
  body += rate_diagram(rate, outcome);
  const double height = rate.bottom + 52;
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
             "height=\"{1}\" role=\"img\">\n<title>{2}</title>\n{3}<rect class=\"page\" "
             "width=\"{0}\" height=\"{1}\"/>\n",
             width, height, xml(title_text(options)), style) +
         body + "</svg>\n";
}

}  // namespace client
