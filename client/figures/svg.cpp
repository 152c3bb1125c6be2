#include "client/figures/svg.hpp"

#include <fmt/format.h>

#include <boost/algorithm/string/replace.hpp>

namespace client {

std::string xml(std::string_view text) {
  auto escaped = boost::replace_all_copy(std::string(text), "&", "&amp;");
  boost::replace_all(escaped, "<", "&lt;");
  boost::replace_all(escaped, ">", "&gt;");
  return escaped;
}

std::string svg_text(double x, double y, std::string_view kind, std::string_view text) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kind, x, y,
                     xml(text));
}

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view kind) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", kind, x1,
      y1, x2, y2);
}

std::string horizontal_tick(const Area& area, double share, std::string_view label) {
  const double y = area.y(share);
  return svg_line(area.left, y, area.right, y, share == 0 ? "axis" : "grid") +
         svg_text(area.left - 6, y + 4, "end", label);
}

std::string vertical_tick(const Area& area, double share, std::string_view label) {
  const double x = area.x(share);
  return svg_line(x, area.bottom, x, area.bottom + 5, "axis") +
         svg_text(x, area.bottom + 19, "middle", label);
}

std::string axis_names(const Area& area, std::string_view across, std::string_view up) {
  const double middle = area.y(0.5);
  return svg_text(area.x(0.5), area.bottom + 38, "middle name", across) +
         fmt::format(
             "<text class=\"middle name\" transform=\"translate(16 {:.1f}) rotate(-90)\">"
             "{}</text>\n",
             middle, xml(up));
}

}  // namespace client
