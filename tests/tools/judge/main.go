// Command judge reads statements, one JSON string a line, and prints those that TiDB's own parser refuses.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"
)

const biggest = 1 << 30

type refusal struct {
	Line      int    `json:"line"`
	Statement string `json:"statement"`
	Error     string `json:"error"`
}

// judge prints the refused statements and returns how many there are.
func judge(lines *bufio.Scanner, out *json.Encoder) (refused int, err error) {
	grammar := parser.New()
	for line := 1; lines.Scan(); line++ {
		var statement string
		if err := json.Unmarshal(lines.Bytes(), &statement); err != nil {
			return refused, fmt.Errorf("line %d: %w", line, err)
		}
		if _, _, err := grammar.Parse(statement, "", ""); err != nil {
			refused++
			if err := out.Encode(refusal{line, statement, err.Error()}); err != nil {
				return refused, err
			}
		}
	}
	return refused, lines.Err()
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, biggest)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	refused, err := judge(lines, out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(2)
	}
	if refused > 0 {
		os.Exit(1)
	}
}
