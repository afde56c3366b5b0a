# Draws the throughput of the HTTP clients in each setting as bars, the bare Beast loop being 1. Usage:
#   awk -f bench/http/plot.awk RESULTS.json >PLOT.svg
# Reads what afresh_bench has written: a row on a line. A ratio of the contest is one of times, the inverse.

function member(name,    begin, text) {
    begin = index($0, "\"" name "\": ")
    if (!begin) return ""
    text = substr($0, begin + length(name) + 4)
    if (substr(text, 1, 1) == "\"") {
        text = substr(text, 2)
        return substr(text, 1, index(text, "\"") - 1)
    }
    match(text, /^[^,}]*/)
    return substr(text, 1, RLENGTH)
}

function bar(setting, who, us) {
    if (us == "" || us == "null" || us + 0 <= 0) return
    bars++
    of[bars] = setting
    name[bars] = who
    rate[bars] = 1e6 / us
}

function shown(per_second) {
    if (per_second >= 10000) return sprintf("%.1f k/s", per_second / 1000)
    if (per_second >= 1000) return sprintf("%.2f k/s", per_second / 1000)
    return sprintf("%.0f /s", per_second)
}

index($0, "\"bench\": \"http\"") {
    metric = member("metric")
    # Only whole GETs: no memory, no time of the processor, none of the contests between modes of Afresh.
    if (member("unit") != "us" || index(metric, ": ") || metric !~ / connections?(, TLS)?$/) next
    if (metric != last) {
        settings++
        bar(metric, "Afresh", member("value"))
    }
    last = metric
    reference = member("reference")
    bar(metric, reference, member("reference_value"))
    if (reference == "a bare Beast loop") floor[metric] = 1e6 / member("reference_value")
}

END {
    left = 240; unit = 340; line = 18; gap = 34
    height = 40 + bars * line + settings * gap
    for (i = 1; i <= bars; i++)
        if (floor[of[i]] && rate[i] / floor[of[i]] > longest) longest = rate[i] / floor[of[i]]
    if (longest > 1.25) unit = unit * 1.25 / longest # so that the longest fits in
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"840\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", height
    print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
    print "<text x=\"12\" y=\"24\" font-size=\"14\">Requests per second, one thread each; beside them, the share of a bare Beast loop</text>"
    y = 36
    for (i = 1; i <= bars; i++) {
        if (of[i] != of[i - 1]) {
            y += gap
            printf "<text x=\"12\" y=\"%d\" font-weight=\"bold\">%s</text>\n", y - 8, of[i]
        }
        share = floor[of[i]] ? rate[i] / floor[of[i]] : 0
        colour = name[i] == "Afresh" ? "#1f6feb" : name[i] == "a bare Beast loop" ? "#57606a" : "#afb8c1"
        printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 8, y + 12, name[i]
        printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", left, y + 1, share * unit, line - 4, colour
        printf "<text x=\"%.1f\" y=\"%d\">%s, %.2f</text>\n", left + share * unit + 6, y + 12, shown(rate[i]), share
        y += line
    }
    print "</svg>"
}
