package label
import ("testing";"os";"fmt";"path/filepath";"aecsad/core/image";"time";"aecsad/core/stats";"strings";"slices")
func load(t *testing.T, pat string, side int) (ims []*image.RGB, names []string) {
  files,_:=filepath.Glob(pat)
  slices.Sort(files)
  for _,f:=range files { im,err:=image.ReadFile(f); if err!=nil{t.Fatal(err)}; ims=append(ims,image.Resize(im,side,side)); names=append(names,f)}
  return
}
func hist(m *image.Labels, k int) (out [][]float64) {
  out=append(out,shares(m,k))
  h:=m.Width/2; var v []float64
  for qx:=range 2 { for qy:=range 2 { q:=&image.Labels{Width:h,Height:h,Pix:make([]uint8,h*h)}; for y:=range h { copy(q.Pix[y*h:(y+1)*h], m.Pix[(y+qy*h)*m.Width+qx*h:]) }; v=append(v,shares(q,k)...)}}
  return append(out,v)
}
func judge(t *testing.T, train, val, good, bad []*image.Labels, k int) (all, whole float64) {
  var g [2]*stats.Gaussian; var z [2]stats.ZScore
  for s:=range 2 { var rows [][]float64; for _,m:=range train {rows=append(rows,hist(m,k)[s])}
    var err error; if g[s],err=stats.FitGaussian(rows); err!=nil {t.Fatal(err)}
    var d []float64; for _,m:=range val {d=append(d,g[s].Distance(hist(m,k)[s]))}
    z[s],err=stats.FitZScore(d); if err!=nil {t.Fatal(err)} }
  sc:=func(ms []*image.Labels) (a,w []float64) { for _,m:=range ms { h:=hist(m,k); x:=z[0].Apply(g[0].Distance(h[0])); a=append(a,x+z[1].Apply(g[1].Distance(h[1]))); w=append(w,x)}; return }
  ga,gw:=sc(good); ba,bw:=sc(bad)
  return stats.AUROC(ga,ba), stats.AUROC(gw,bw)
}
func TestDbg(t *testing.T){
 root:=os.Getenv("DBG"); if root=="" {t.Skip()}
 o:=DefaultOptions()
 cats,_:=filepath.Glob(root+"/*/train/good")
 for _,c:=range cats {
  if s:=os.Getenv("CAT"); s!="" && !strings.Contains(c,s) {continue}
  base:=filepath.Dir(filepath.Dir(c))
  ims,names:=load(t,c+"/*",o.Side)
  t0:=time.Now()
  res,err:=Run(ims,names,o,nil)
  if err!=nil {fmt.Println(base,err); continue}
  fmt.Println(filepath.Base(base),"ms/image",time.Since(t0).Milliseconds()/int64(len(ims)),"trusted",len(res.Trusted),res.Warnings)
  for i,k:=range res.Classes {fmt.Printf("  %2d %-16s %.2f %.4f\n",i+1,k.Name,k.Share,k.MeanArea)}
  Sheet(ims,res,8).WriteFile("../../build/dbg_"+filepath.Base(base)+".png")
  f,_:=learn(ims,o,func(){})
  lab:=func(pat string) (out []*image.Labels, truth []*image.Labels) { x,n:=load(t,base+"/"+pat,o.Side); for i,im:=range x {out=append(out,f.labels(f.scene(im))); rel,_:=filepath.Rel(base,n[i]); if m,err:=image.ReadMask(base+"/labels/"+rel);err==nil {truth=append(truth,m.Resize(o.Side,o.Side))}}; return}
  val,valT:=lab("validation/good/*"); good,goodT:=lab("test/good/*"); bad,badT:=lab("test/logical_anomalies/*")
  _,trainT:=lab("train/good/*")
  if len(bad)>0 { a,w:=judge(t,res.Maps,val,good,bad,len(res.Classes)); fmt.Printf("  logical AUROC %.3f (whole image only %.3f)",a,w)
    kt:=0; for _,m:=range trainT { for _,v:=range m.Pix {kt=max(kt,int(v))}}
    a,w=judge(t,trainT,valT,goodT,badT,kt); fmt.Printf("  with true maps %.3f (%.3f)\n",a,w)
    // pixel agreement: each of ours -> best true class
    conf:=map[[2]uint8]int{}; for i,m:=range res.Maps { for p,v:=range m.Pix {conf[[2]uint8{v,trainT[i].Pix[p]}]++}}
    best:=map[uint8]int{}; tot:=0; for k,n:=range conf {tot+=n; best[k[0]]=max(best[k[0]],n)}
    s:=0; for _,n:=range best {s+=n}
    // mIoU over true classes: union of ours mapped
    mp:=map[uint8]uint8{}; for k,n:=range conf { if n==best[k[0]] {mp[k[0]]=k[1]}}
    inter,un:=map[uint8]int{},map[uint8]int{}
    for k,n:=range conf { if mp[k[0]]==k[1] {inter[k[1]]+=n; un[k[1]]+=n} else {un[k[1]]+=n; un[mp[k[0]]]+=n}}
    fmt.Printf("  pixel accuracy %.4f  IoU:",float64(s)/float64(tot)); for v:=0;v<=kt;v++ {fmt.Printf(" %.2f",float64(inter[uint8(v)])/float64(max(un[uint8(v)],1)))}; fmt.Println()
  }
 }
}
