/// The shells for which there is a completion script.
///
/// Each script asks the program that is being typed, so that its commands, options and values are
/// that program's own (`Completion`).
enum CompletionScript: String, CaseIterable {
  case bash
  case zsh
  case fish

  var text: String {
    switch self {
    case .bash: CompletionScript.bashText
    case .zsh: CompletionScript.zshText
    case .fish: CompletionScript.fishText
    }
  }

  private static let bashText = #"""
    # Completion of cnnctl in bash: source <(cnnctl completions bash)
    _cnnctl() {
      local program=${COMP_WORDS[0]/#\~/$HOME} word=$2 line paths=
      local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
      # With the cursor behind the = of --name= the word is empty.
      if [[ ${COMP_WORDS[COMP_CWORD]} == = ]]; then words+=(=); fi
      COMPREPLY=()
      while IFS= read -r line; do
        case $line in
          :files) paths=-f ;;
          :folders) paths=-d ;;
          *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
      done < <("$program" __complete "${words[@]}" "$word" 2>/dev/null)
      if [[ -n $paths ]]; then
        # readline quotes them, and gives folders a slash.
        compopt -o filenames
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "$paths" -- "$word")
      else
        for line in "${!COMPREPLY[@]}"; do printf -v "COMPREPLY[$line]" %q "${COMPREPLY[line]}"; done
      fi
    }
    complete -F _cnnctl cnnctl

    """#

  private static let zshText = #"""
    #compdef cnnctl
    # Completion of cnnctl in zsh: source <(cnnctl completions zsh), after compinit
    _cnnctl() {
      local program=${~words[1]} line paths=
      local -a described
      for line in "${(@f)$("$program" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
        case $line in
          '') ;;
          :*) paths=$line ;;
          *) described+=("${${line//:/\\:}/$'\t'/:}") ;;
        esac
      done
      (( $#described )) && _describe 'cnnctl' described
      compset -P '--*='
      case $paths in
        :files) _files ;;
        :folders) _files -/ ;;
      esac
    }
    # As a file of $fpath this is the function's body, and is called for the first completion.
    if [[ $funcstack[1] == _cnnctl ]]; then _cnnctl "$@"; else compdef _cnnctl cnnctl; fi

    """#

  private static let fishText = #"""
    # Completion of cnnctl in fish: cnnctl completions fish | source
    function __cnnctl_complete
        set -l words (commandline -opc)
        set -l token (commandline -ct)
        set -l program (string replace -r '^~' $HOME -- $words[1])
        set -l option (string match -r '^--[^=]*=' -- $token)
        set -l start (string replace -r '^--[^=]*=' '' -- $token)
        for line in ($program __complete $words[2..-1] $token 2>/dev/null)
            switch $line
                case ':files'
                    for path in (__fish_complete_path $start)
                        echo "$option$path"
                    end
                case ':folders'
                    for path in (__fish_complete_directories $start)
                        echo "$option$path"
                    end
                case '*'
                    echo $line
            end
        end
    end
    complete -c cnnctl -f -a '(__cnnctl_complete)'

    """#
}
