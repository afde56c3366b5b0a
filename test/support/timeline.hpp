#pragma once
// What happened to whom, and when, as a picture (SVG): a row for each process and one for the server.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace afresh::test {

class timeline {
public:
    using clock = std::chrono::steady_clock;
    enum class mark { killed, stopped, has_generation, asked, fault, lost };

    void note(mark what, std::size_t row, double seconds_long = 0)
    {
        all_.push_back({std::chrono::duration<double>(clock::now() - began_).count(), seconds_long, row, what});
    }
    void write(const std::string& file, std::size_t rows, double from, double to) const
    {
        constexpr double left = 90, width = 1080, row_height = 20, top = 44;
        const auto x = [&](double t) { return left + (t - from) / (to - from) * width; };
        const auto y = [&](std::size_t row) { return top + row_height * static_cast<double>(row); };
        std::ofstream out(file);
        const double height = y(rows + 1) + 30;
        out << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1200 " << height
            << "\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"1200\" height=\"" << height
            << "\" fill=\"#fff\"/>\n";
        legend(out);
        for (std::size_t row = 0; row <= rows; ++row)
            out << "<text x=\"8\" y=\"" << y(row) + 14 << "\" fill=\"#444\">"
                << (row == rows ? std::string("server") : "process " + std::to_string(row)) << "</text><line x1=\""
                << left << "\" x2=\"" << left + width << "\" y1=\"" << y(row) + 10 << "\" y2=\"" << y(row) + 10
                << "\" stroke=\"#ddd\"/>\n";
        for (int s = static_cast<int>(from); s <= static_cast<int>(to); ++s)
            out << "<text x=\"" << x(s) << "\" y=\"" << height - 8 << "\" fill=\"#666\" text-anchor=\"middle\">" << s
                << " s</text>\n";
        for (const entry& e : all_)
            if (e.at >= from && e.at <= to)
                draw(out, e, x(e.at), y(e.row) + 10, x(std::min(e.at + e.lasts, to)) - x(e.at));
        out << "</svg>\n";
    }

private:
    struct entry {
        double at{}, lasts{};
        std::size_t row{};
        mark what{};
    };
    static void draw(std::ostream& out, const entry& e, double x, double y, double width)
    {
        const auto dot = [&](const char* colour, double r) {
            out << "<circle cx=\"" << x << "\" cy=\"" << y << "\" r=\"" << r << "\" fill=\"" << colour << "\"/>\n";
        };
        switch (e.what) {
        case mark::stopped:
            out << "<rect x=\"" << x << "\" y=\"" << y - 5 << "\" width=\"" << std::max(width, 2.0)
                << "\" height=\"10\" fill=\"#bbb\"/>\n";
            break;
        case mark::killed:
            out << "<path d=\"M" << x - 4 << ' ' << y - 4 << "l8 8m0 -8l-8 8\" stroke=\"#c00\" stroke-width=\"2\"/>\n";
            break;
        case mark::has_generation: dot("#2a7", 2.5); break;
        case mark::asked: dot("#26c", 3.5); break;
        case mark::fault: dot("#e80", 3.5); break;
        case mark::lost: dot("#c00", 4.5); break;
        }
    }
    static void legend(std::ostream& out)
    {
        double x = 90;
        for (const auto& [what, text] : {std::pair(mark::killed, "kill -9"), std::pair(mark::stopped, "stopped"),
                                         std::pair(mark::has_generation, "has a new generation"),
                                         std::pair(mark::asked, "the server rotates and answers"),
                                         std::pair(mark::fault, "the answer is lost, or refused for a while"),
                                         std::pair(mark::lost, "the grant is lost")}) {
            draw(out, {0, 0, 0, what}, x, 20, 12);
            out << "<text x=\"" << x + 18 << "\" y=\"24\" fill=\"#222\">" << text << "</text>\n";
            x += 40 + 6.2 * static_cast<double>(std::string_view(text).size());
        }
    }

    clock::time_point began_ = clock::now();
    std::vector<entry> all_;
};

} // namespace afresh::test
