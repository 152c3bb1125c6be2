"""Charts as self-contained SVG, on a card that is readable on light and on dark pages."""
import math
from html import escape

WIDTH, LABELS, VALUES, ROW, PANEL, TOP, BOTTOM = 760, 235, 105, 26, 130, 74, 40
PLAIN, OURS, BASE = "#9aa5b1", "#1f6feb", "#57606a"
CURVES = (OURS, "#bf3989", "#1a7f37", "#bc4c00", BASE)
GRAPH, GAP, LEGEND = 190, 62, 22


def bars(title, subtitle, rows, better, footer):
    """rows: (name, value, text, low, high), drawn as they come; low to high is shown as a whisker."""
    most = max(max(value, high) for _, value, _, _, high in rows) or 1
    height = TOP + ROW * len(rows) + BOTTOM
    scale = (WIDTH - LABELS - VALUES) / most
    parts = []
    for number, row in enumerate(rows):
        parts += bar(TOP + number * ROW, scale, *row)
    return card(height, title, f"{subtitle}; {better} is better", parts, footer)


def lines(title, subtitle, times, series, footer):
    """series: (name, values, text of the largest), each over the same times in a panel of its own."""
    height = TOP + PANEL * len(series) + BOTTOM
    parts = []
    for number, one in enumerate(series):
        parts += line(TOP + number * PANEL, times, *one)
    return card(height, title, subtitle, parts, footer)


def line(y, times, name, values, label):
    across, down = WIDTH - 40 - VALUES, PANEL - 36
    most, last = max(values) or 1, times[-1] or 1
    points = " ".join(f"{20 + at / last * across:.1f},{y + 22 + (1 - value / most) * down:.1f}"
                      for at, value in zip(times, values))
    return [
        text(20, y + 12, name, "#1f2328", weight="600"),
        f'<path d="M20 {y + 22}v{down}h{across}" stroke="#d0d7de" fill="none"/>',
        f'<polyline points="{points}" stroke="{OURS}" stroke-width="1.5" fill="none"/>',
        text(28 + across, y + 26, label, "#57606a", size=11),
        text(28 + across, y + 26 + down, "0", "#57606a", size=11),
    ]


def curves(title, subtitle, ticks, panels, footer):
    """panels: (name, {series: [(value, low, high) or None for each tick]}), beside each other, the ticks at equal distances."""
    names = list(dict.fromkeys(name for _, series in panels for name in series))
    top = TOP + LEGEND * ((len(names) + 1) // 2) + 8
    across = (WIDTH - 20 - GAP * len(panels)) / len(panels)
    parts = [part for number, name in enumerate(names) for part in key(number, name)]
    for number, (name, series) in enumerate(panels):
        parts += panel(20 + GAP - 20 + number * (across + GAP), top, across, name, ticks,
                       [(CURVES[names.index(one)], values) for one, values in series.items()])
    return card(top + GRAPH + 44 + BOTTOM, title, subtitle, parts, footer)


def key(number, name):
    x, y = 20 + number % 2 * 360, TOP + number // 2 * LEGEND
    return [f'<path d="M{x} {y}h22" stroke="{CURVES[number]}" stroke-width="2"/>', text(x + 30, y + 4, name, "#1f2328")]


def panel(left, top, across, name, ticks, series):
    bottom = top + 24 + GRAPH
    most = round_above(max(high for _, values in series for value in values if value for high in value[2:]))
    parts = [text(left - 40, top + 8, name, "#1f2328", weight="600")]
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts += [f'<path d="M{left:.1f} {bottom - share * GRAPH:.1f}h{across:.1f}" stroke="#d0d7de" fill="none"/>',
                  text(left - 6, bottom - share * GRAPH + 4, f"{most * share:g}", "#57606a", size=11, anchor="end")]
    places = [left + (number + 0.5) * across / len(ticks) for number in range(len(ticks))]
    parts += [text(x, bottom + 18, tick, "#57606a", size=11, anchor="middle") for x, tick in zip(places, ticks)]
    for colour, values in reversed(series):  # the first one on top
        shown = [(x, *(bottom - one / most * GRAPH for one in value)) for x, value in zip(places, values) if value]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y, *_ in shown)
        parts.append(f'<polyline points="{points}" stroke="{colour}" stroke-width="2" fill="none"/>')
        parts += [f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
                  for x, y, low, high in shown]
    return parts


def round_above(value):
    """The next number above that four parts of an axis divide well."""
    step = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(step * factor for factor in (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10, 12) if step * factor >= value)


def card(height, title, subtitle, parts, footer):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="system-ui, sans-serif" font-size="13" '
        f'role="img" aria-label="{escape(title, quote=True)}">',
        f'<rect width="{WIDTH}" height="{height}" rx="10" fill="#ffffff" stroke="#d0d7de"/>',
        text(20, 30, title, "#1f2328", size=17, weight="600"),
        text(20, 52, subtitle, "#57606a"),
        *parts,
        text(20, height - 14, footer, "#57606a", size=11),
        "</svg>",
    ]) + "\n"


def bar(y, scale, name, value, label, low, high):
    colour = OURS if name.startswith("coroecho") else BASE if name.startswith("raw") else PLAIN
    middle = y + ROW / 2
    left, right = LABELS + low * scale, LABELS + high * scale
    return [
        text(LABELS - 8, middle + 4, name, "#1f2328", anchor="end",
             weight="600" if name.startswith("coroecho") else "400"),
        f'<rect x="{LABELS}" y="{y + 4}" width="{max(value * scale, 1):.1f}" height="{ROW - 8}" '
        f'rx="2" fill="{colour}"/>',
        f'<path d="M{left:.1f} {middle}H{right:.1f}M{left:.1f} {middle - 3}v6M{right:.1f} '
        f'{middle - 3}v6" stroke="#1f2328" fill="none"/>',
        text(max(LABELS + value * scale, right) + 8, middle + 4, label, "#1f2328"),
    ]


def text(x, y, words, fill, size=13, weight="400", anchor="start"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" font-size="{size}" '
            f'font-weight="{weight}" text-anchor="{anchor}">{escape(words)}</text>')
