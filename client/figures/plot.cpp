#include "client/figures/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/replace.hpp>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "client/figures/bench_report.hpp"
#include "client/figures/histogram_chart.hpp"
#include "client/output/units.hpp"

namespace client {
namespace {

constexpr double width = 860;
constexpr double height = 680;
constexpr std::size_t bars = 80;

std::string xml(std::string_view text) {
  auto escaped = boost::replace_all_copy(std::string(text), "&", "&amp;");
  boost::replace_all(escaped, "<", "&lt;");
  boost::replace_all(escaped, ">", "&gt;");
  return escaped;
}

// The place of a diagram on the page.
struct Area {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;

  double x(double share) const { return left + share * (right - left); }
  double y(double share) const { return bottom - share * (bottom - top); }
};

constexpr Area histogram_area{120, 165, 830, 380};
constexpr Area rate_area{120, 450, 830, 630};
constexpr double label_height = 15;

std::string label(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     xml(text));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view kind) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind, x1,
      y1, x2, y2);
}

std::string axes(const Area& area) {
  return line(area.left, area.bottom, area.right, area.bottom, "axis") +
         line(area.left, area.top, area.left, area.bottom, "axis");
}

// The times are on a logarithmic scale: every bar spans the same factor.
std::string histogram_bars(const std::vector<ChartBar>& chart) {
  const auto most = static_cast<double>(std::ranges::max(chart, {}, &ChartBar::count).count);
  const double step = 1.0 / static_cast<double>(chart.size());
  const auto& area = histogram_area;
  std::string svg;
  for (std::size_t i = 0; i < chart.size(); ++i) {
    if (chart[i].count == 0) continue;
    const double left = area.x(static_cast<double>(i) * step);
    const double top = area.y(static_cast<double>(chart[i].count) / most);
    svg += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">"
        "<title>{} to {}: {}</title></rect>\n",
        left, top, (area.right - area.left) * step - 1, area.bottom - top,
        milliseconds_text(chart[i].from), time_text(chart[i].to), chart[i].count);
  }
  return svg;
}

std::string percentile_marks(const program::Histogram& latency) {
  constexpr std::array<std::pair<const char*, double>, 5> marks = {
      {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}}};
  const auto& area = histogram_area;
  const double first = std::log(std::max<double>(static_cast<double>(latency.min().count()), 1));
  const double last = std::log(static_cast<double>(latency.max().count()) + 1);
  std::string svg;
  // Above the bars, the first the lowest, each to the left of its line: so no label crosses a bar,
  // a line or another.
  double y = area.top;
  for (const auto& [name, share] : marks) {
    y -= label_height;
    const auto time = latency.percentile(share);
    const double place =
        (std::log(std::max<double>(static_cast<double>(time.count()), 1)) - first) / (last - first);
    const double x = area.x(place);
    svg += line(x, y - label_height / 2, x, area.bottom, "mark");
    svg += label(x - 4, y, "end", fmt::format("{} {}", name, milliseconds_text(time)));
  }
  return svg;
}

std::string histogram_panel(const program::Histogram& latency) {
  const auto& area = histogram_area;
  auto svg =
      label(area.left, area.top - 95, "start", "Latency, milliseconds on a logarithmic scale");
  if (latency.empty())
    return svg + axes(area) + label(area.x(0.5), area.y(0.5), "middle", "no echoes");
  const auto chart = chart_bars(latency, bars);
  svg += histogram_bars(chart) + percentile_marks(latency) + axes(area);
  for (const std::size_t i : {std::size_t{0}, bars / 4, bars / 2, bars * 3 / 4, bars}) {
    const auto time = i < bars ? chart[i].from : chart.back().to;
    svg += label(area.x(static_cast<double>(i) / static_cast<double>(bars)), area.bottom + 18,
                 "middle", milliseconds_text(time));
  }
  const auto most = std::ranges::max(chart, {}, &ChartBar::count).count;
  return svg + label(area.left - 6, area.top + 4, "end", fmt::format("{}", most)) +
         label(area.left - 6, area.bottom, "end", "0");
}

std::string rate_panel(const std::vector<RateSample>& rates) {
  const auto& area = rate_area;
  auto svg = label(area.left, area.top - 12, "start", "Echoes a second over time");
  svg += axes(area);
  if (rates.empty()) return svg;
  const double most = std::max(
      std::ranges::max(rates, {}, &RateSample::messages_per_second).messages_per_second, 1.0);
  const auto end = static_cast<double>(rates.back().at.count());
  std::string points;
  for (const auto& sample : rates) {
    points += fmt::format("{:.1f},{:.1f} ", area.x(static_cast<double>(sample.at.count()) / end),
                          area.y(sample.messages_per_second / most));
  }
  svg += fmt::format("<polyline class=\"rate\" points=\"{}\"/>\n", points);
  svg += label(area.left - 6, area.top + 4, "end", fmt::format("{:.0f}", most));
  svg += label(area.left - 6, area.bottom, "end", "0");
  svg += label(area.left, area.bottom + 18, "middle", "0 s");
  return svg + label(area.right, area.bottom + 18, "end", fmt::format("{:.1f} s", end / 1e9));
}

const char* const style =
    "<style>text{font:13px sans-serif;fill:#334}.title{font-size:17px;font-weight:bold}"
    ".axis{stroke:#778}.bar{fill:#4a7bb5}.mark{stroke:#c0504d;stroke-dasharray:3 3}"
    ".rate{fill:none;stroke:#4a7bb5;stroke-width:1.5}.page{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#dde}.page{fill:#181a20}.axis{stroke:#99a}}</"
    "style>\n";

}  // namespace

std::string bench_svg(const Options& options, const BenchOutcome& outcome) {
  const auto title = fmt::format("{} {}", options.target.name(), title_of(options));
  const auto settings = fmt::format(
      "{} connections, {} messages, {} under way; {:.0f} echoes/s, {}/s", options.bench.connections,
      bytes_text(static_cast<double>(options.bench.size)), options.bench.pipeline,
      outcome.messages_per_second(), bytes_text(outcome.bytes_per_second()));
  auto svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\">\n<title>{2}</title>\n{3}<rect class=\"page\" width=\"{0}\" "
      "height=\"{1}\"/>\n",
      width, height, xml(title), style);
  svg += fmt::format("<text class=\"title\" x=\"{}\" y=\"30\">{}</text>\n", histogram_area.left,
                     xml(title));
  svg += label(histogram_area.left, 52, "start", settings);
  return svg + histogram_panel(outcome.results.latency) + rate_panel(outcome.rates) + "</svg>\n";
}

}  // namespace client
