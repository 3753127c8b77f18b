internal import Drawing

/// The look of a report's page; colours are those of the drawings.
enum PageStyle {
  static let rules = """
    *{box-sizing:border-box}
    html{background:var(--page);color:var(--ink);-webkit-text-size-adjust:100%}
    body{margin:0;font:15px/1.5 \(Theme.fontFamilies)}
    main{max-width:1504px;margin:0 auto;padding:24px 16px 48px}
    @media (min-width:700px){main{padding:32px 32px 64px}}
    h1,h2,h3,p,dd,dt,figcaption,li{overflow-wrap:anywhere}
    h1{font-size:26px;line-height:1.2;margin:0 0 4px}
    h2{font-size:19px;line-height:1.3;margin:0 0 8px}
    h3{font-size:15px;margin:24px 0 8px}
    p{margin:0 0 12px;max-width:75ch}
    .lead,figcaption,small,.places{color:var(--muted)}
    nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin:12px 0 0}
    a{color:var(--series0)}
    section{border-top:1px solid var(--faint);margin-top:28px;padding-top:20px}
    .headline{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 16px}
    .headline div{background:var(--surface);border-radius:8px;padding:12px 16px}
    .headline dt{color:var(--muted);font-size:13px}
    .headline dd{margin:0;font-size:26px;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}
    .headline small{display:block;font-size:13px;line-height:1.4;font-weight:400}
    .facts{display:grid;grid-template-columns:minmax(90px,max-content) minmax(0,1fr);gap:2px 20px;margin:0 0 16px}
    .facts dt{color:var(--muted);max-width:40vw}
    .facts dd{margin:0}
    .figures{display:flex;flex-wrap:wrap;gap:20px 16px;align-items:flex-start;margin:8px 0 16px}
    .figures>figure{flex:1 1 440px;max-width:460px}
    .figures>figure.wide{flex:0 0 auto;max-width:100%}
    figure{margin:0;min-width:0}
    figcaption{font-size:13px;line-height:1.4;margin-top:4px}
    .figures figcaption{max-width:60ch;padding-left:12px}
    .scroll{overflow-x:auto;max-width:100%}
    .tall{max-height:80vh;overflow-y:auto}
    .tall thead th{position:sticky;top:0;background:var(--page)}
    .tall tfoot tr:last-child>*{border-bottom:none}
    .chart{display:block;height:auto}
    figure:not(.wide) .chart{max-width:100%}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px;margin:0 0 12px}
    th,td{padding:4px 12px;text-align:right;border-bottom:1px solid var(--faint);white-space:nowrap;font-weight:400}
    thead th{color:var(--muted);border-bottom-color:var(--muted)}
    tfoot tr:first-child>*{border-top:1px solid var(--muted)}
    .text{text-align:left;white-space:normal;overflow-wrap:break-word;min-width:12ch;max-width:min(32ch,42vw)}
    th:first-child,td:first-child{padding-left:0}
    .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:16px 12px;margin:8px 0 16px}
    .tile>div{position:relative;background:var(--surface);border:3px solid var(--surface)}
    .tile img{display:block;width:100%;height:auto;aspect-ratio:1;object-fit:contain}
    .tile span{display:block;overflow-wrap:anywhere}
    .tile figcaption>span:first-child{color:var(--ink)}
    .tile.right>div{border-color:var(--good)}
    .tile.wrong>div{border-color:var(--bad)}
    .tile .mark{position:absolute;top:3px;right:3px;width:20px;height:20px;border-radius:50%;background:var(--good);color:var(--page);font-size:13px;line-height:20px;text-align:center;font-weight:700}
    .tile.wrong .mark{background:var(--bad)}
    pre{background:var(--surface);border-radius:8px;padding:12px 16px;overflow-x:auto;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;margin:0 0 12px}
    .findings{list-style:none;margin:0 0 16px;padding:0}
    .findings li{padding:6px 0 6px 12px;border-left:3px solid var(--muted);margin:0 0 6px}
    .findings .error{border-color:var(--bad)}
    .findings b{color:var(--muted);font-weight:600}
    .findings .error b{color:var(--bad)}
    .places{font-size:13px}
    @media (max-width:560px){
    main{padding:16px 12px 32px}
    table{font-size:12px;width:100%}
    th,td{padding:4px 6px}
    .text{min-width:0;max-width:none;overflow-wrap:anywhere}
    thead th{white-space:normal}
    .figures>figure{flex-basis:100%}
    .gallery{grid-template-columns:repeat(auto-fill,minmax(96px,1fr))}
    pre{white-space:pre-wrap;overflow-wrap:anywhere}
    .scroll{background:linear-gradient(to right,var(--page) 30%,transparent) 0 0/40px 100% no-repeat local,linear-gradient(to left,var(--page) 30%,transparent) 100% 0/40px 100% no-repeat local,linear-gradient(to right,var(--muted),transparent) 0 0/10px 100% no-repeat scroll,linear-gradient(to left,var(--muted),transparent) 100% 0/10px 100% no-repeat scroll}
    figure.wide .scroll::before{content:"scroll sideways \\2192";display:block;position:sticky;left:0;color:var(--muted);font-size:12px}
    }
    @media print{
    @page{margin:14mm}
    body{font-size:10.5pt}
    main{max-width:none;padding:0}
    nav{display:none}
    section{margin-top:18px}
    figure,.headline,tr,li{break-inside:avoid}
    h2,h3{break-after:avoid}
    .figures>figure{flex:0 0 48%}
    .gallery{grid-template-columns:repeat(6,1fr)}
    .chart{max-width:100%}
    .scroll{overflow:visible;max-height:none}
    html,.headline div,.tile>div,.tile .mark,.chart{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    }

    """
}
